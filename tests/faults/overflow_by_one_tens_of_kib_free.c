// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte behind a 40000-byte block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(40000)); // allocated
    spoil(p, 40000);
    free(p); // found
    return 0;
}
