// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block, which reallocarray is to make longer.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    p = reallocarray(p, 10, 10); // found
    return 0;
}
