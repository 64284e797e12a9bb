// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block, which realloc to no bytes is to free.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    p = realloc(p, 0); // found
    return 0;
}
