// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes a zero right behind a large block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100001)); // allocated
    put(p, 100001, 0);
    free(p); // found
    return 0;
}
