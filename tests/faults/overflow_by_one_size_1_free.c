// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte behind a 1-byte block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(1)); // allocated
    spoil(p, 1);
    free(p); // found
    return 0;
}
