// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte before a large block that starts inside a page, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    spoil(p, -1);
    free(p); // found
    return 0;
}
