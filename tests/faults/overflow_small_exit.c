// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block that is never freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    return 0;
}
