// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a large block, which realloc is to make longer.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100001)); // allocated
    spoil(p, 100001);
    p = realloc(p, 200000); // found
    return 0;
}
