// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block of pvalloc, whose size is rounded up to a page.
#include "sin.h"

int main(void)
{
    char *p = hide(pvalloc(100)); // allocated
    spoil(p, 4096);
    free(p); // found
    return 0;
}
