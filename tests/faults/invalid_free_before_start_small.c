// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the address 8 bytes before a block, the end of its neighbour's slot of 112 bytes.
#include "sin.h"

int main(void)
{
    char *p = side_by_side(100).high; // allocated
    free(p - 8); // found
    return 0;
}
