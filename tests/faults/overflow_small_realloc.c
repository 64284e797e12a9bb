// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block, which realloc is to make longer.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24));
    spoil(p, 24);
    p = realloc(p, 500);
    return 0;
}
