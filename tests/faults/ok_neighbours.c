// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes the first and last bytes of two blocks that lie side by side.
#include "sin.h"

int main(void)
{
    struct pair pair = side_by_side(24);
    spoil(pair.low, 23);
    spoil(pair.high, 0);
    free(pair.high);
    free(pair.low);
    return 0;
}
