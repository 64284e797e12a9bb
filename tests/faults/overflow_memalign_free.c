// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block that is smaller than its alignment.
#include "sin.h"

int main(void)
{
    char *p = hide(memalign(256, 30));
    spoil(p, 30);
    free(p);
    return 0;
}
