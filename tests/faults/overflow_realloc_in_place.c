// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block, which realloc could make longer where it is.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    spoil(p, 100);
    p = realloc(p, 101); // found
    return 0;
}
