// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte behind a large block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100001)); // allocated
    spoil(p, 100001);
    free(p); // found
    return 0;
}
