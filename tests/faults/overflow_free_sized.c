// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block that is freed with its right size.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    free_sized(p, 24); // found
    return 0;
}
