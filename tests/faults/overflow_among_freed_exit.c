// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows the one block of 3000 that is not freed.
#include "sin.h"

int main(void)
{
    char *block[3000];
    for (int i = 0; i < 3000; i++)
        block[i] = hide(malloc(200)); // allocated
    for (int i = 0; i < 3000; i++)
        if (i != 1500)
            free(block[i]);
    spoil(block[1500], 200);
    return 0;
}
