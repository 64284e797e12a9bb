// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the last byte of the first 8 behind the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(520)); // allocated
    spoil(p, 527);
    free(p); // found
    return 0;
}
