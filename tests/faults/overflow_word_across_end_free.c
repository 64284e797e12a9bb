// SPDX-License-Identifier: MIT OR Apache-2.0
// Stores 8 bytes of which the first 4 lie inside the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(20)); // allocated
    uint64_t word;
    memcpy(&word, p + 16, sizeof word);
    word = ~word;
    memcpy(p + 16, &word, sizeof word);
    free(p); // found
    return 0;
}
