// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block of a page that is never freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(4096)); // allocated
    spoil(p, 4096);
    return 0;
}
