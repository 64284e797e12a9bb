// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte before a block, then frees the block before it: for that one it is an overflow.
#include "sin.h"

int main(void)
{
    struct pair pair = side_by_side(24); // allocated
    spoil(pair.high, -1);
    free(pair.low); // found
    return 0;
}
