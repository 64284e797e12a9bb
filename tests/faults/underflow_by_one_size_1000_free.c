// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte before a 1000-byte block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = side_by_side(1000).high; // allocated
    spoil(p, -1);
    free(p); // found
    return 0;
}
