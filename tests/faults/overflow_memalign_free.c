// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block that is smaller than its alignment.
#include "sin.h"

int main(void)
{
    char *p = hide(memalign(256, 30)); // allocated
    spoil(p, 30);
    free(p); // found
    return 0;
}
