// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte 8 bytes before a block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = side_by_side(100).high; // allocated
    spoil(p, -8);
    free(p); // found
    return 0;
}
