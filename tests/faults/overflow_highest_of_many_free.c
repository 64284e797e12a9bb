// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows the block with the highest address of 300.
#include "sin.h"

int main(void)
{
    char *highest = hide(malloc(48));
    for (int i = 1; i < 300; i++) {
        char *p = hide(malloc(48)); // allocated
        if (p > highest)
            highest = p;
    }
    spoil(highest, 48);
    free(highest); // found
    return 0;
}
