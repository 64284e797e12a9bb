// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte before a 1-byte block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = side_by_side(1).high; // allocated
    spoil(p, -1);
    free(p); // found
    return 0;
}
