// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows the block with the lowest address of 300.
#include "sin.h"

int main(void)
{
    char *lowest = NULL;
    for (int i = 0; i < 300; i++) {
        char *p = hide(malloc(48)); // allocated
        if (!lowest || p < lowest)
            lowest = p;
    }
    spoil(lowest, 48);
    free(lowest); // found
    return 0;
}
