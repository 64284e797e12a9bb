// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block of the smallest size that gets a mapping of its own.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(65529)); // allocated
    spoil(p, 65529);
    free(p); // found
    return 0;
}
