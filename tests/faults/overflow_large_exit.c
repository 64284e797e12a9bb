// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a large block that is never freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100001)); // allocated
    spoil(p, 100001);
    return 0;
}
