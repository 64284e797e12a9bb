// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte behind a 100-byte block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    spoil(p, 100);
    free(p); // found
    return 0;
}
