// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block of 40000 bytes that is never freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(40000)); // allocated
    spoil(p, 40000);
    return 0;
}
