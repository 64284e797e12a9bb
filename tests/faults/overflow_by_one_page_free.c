// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte behind a 4096-byte block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(4096)); // allocated
    spoil(p, 4096);
    free(p); // found
    return 0;
}
