// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte behind a 16-byte block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(16));
    spoil(p, 16);
    free(p);
    return 0;
}
