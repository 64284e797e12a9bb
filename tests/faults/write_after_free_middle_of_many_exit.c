// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to one of 3000 freed blocks and exits.
#include "sin.h"

int main(void)
{
    static char *block[3000];
    for (int i = 0; i < 3000; i++)
        block[i] = hide(malloc(100)); // allocated
    for (int i = 0; i < 3000; i++)
        if (i % 2 == 0)
            free(block[i]); // freed
    spoil(block[1500], 5);
    return 0;
}
