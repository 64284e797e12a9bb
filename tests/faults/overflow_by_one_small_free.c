// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte behind a 24-byte block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    free(p); // found
    return 0;
}
