// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte behind a 8-byte block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(8)); // allocated
    spoil(p, 8);
    free(p); // found
    return 0;
}
