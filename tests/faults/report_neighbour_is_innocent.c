// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the block behind one that was overflowed, then that one: a word about the first only.
#include "sin.h"

int main(void)
{
    struct pair pair = side_by_side(24); // allocated
    spoil(pair.low, 24);
    free(pair.high); // found
    free(pair.low);
    return 0;
}
