// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte before a block that is freed with its right size.
#include "sin.h"

int main(void)
{
    char *p = side_by_side(24).high; // allocated
    spoil(p, -1);
    free_sized(p, 24); // found
    return 0;
}
