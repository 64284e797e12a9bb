// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows the middle of 300 blocks and frees all of them.
#include "sin.h"

int main(void)
{
    char *block[300];
    for (int i = 0; i < 300; i++)
        block[i] = hide(malloc(48)); // allocated
    spoil(block[149], 48);
    for (int i = 0; i < 300; i++)
        free(block[i]); // found
    return 0;
}
