// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes a zero right behind a 1-byte block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(1)); // allocated
    put(p, 1, 0);
    free(p); // found
    return 0;
}
