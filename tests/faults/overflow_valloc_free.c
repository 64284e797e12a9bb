// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block of valloc.
#include "sin.h"

int main(void)
{
    char *p = hide(valloc(100)); // allocated
    spoil(p, 100);
    free(p); // found
    return 0;
}
