// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes a zero right behind a 24-byte block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    put(p, 24, 0);
    free(p); // found
    return 0;
}
