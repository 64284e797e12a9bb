// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows the block with the highest address of 300.
#include "sin.h"

int main(void)
{
    char *highest = NULL;
    for (int i = 0; i < 300; i++) {
        char *p = hide(malloc(48)); // allocated
        if (!highest || p > highest)
            highest = p;
    }
    spoil(highest, 48);
    free(highest); // found
    return 0;
}
