// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte before a block, which realloc is to make longer.
#include "sin.h"

int main(void)
{
    char *p = side_by_side(24).high; // allocated
    spoil(p, -1);
    p = realloc(p, 500); // found
    return 0;
}
