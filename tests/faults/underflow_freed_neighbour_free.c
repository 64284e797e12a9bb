// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte before a block, in front of which a block was freed.
#include "sin.h"

int main(void)
{
    struct pair pair = side_by_side(100); // allocated
    free(pair.low);
    spoil(pair.high, -1);
    free(pair.high); // found
    return 0;
}
