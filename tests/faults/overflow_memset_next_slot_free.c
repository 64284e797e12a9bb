// SPDX-License-Identifier: MIT OR Apache-2.0
// Fills a block and the whole of the next one as well.
#include "sin.h"

int main(void)
{
    struct pair pair = side_by_side(24); // allocated
    char value = unlike(pair.low, 24);
    memset(pair.low, value, (size_t)(pair.high - pair.low) + 24);
    free(pair.low); // found
    return 0;
}
