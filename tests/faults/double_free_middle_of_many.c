// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees 5000 blocks in turn, the 2500th of them twice.
#include "sin.h"

int main(void)
{
    static char *block[5000];
    for (int i = 0; i < 5000; i++)
        block[i] = hide(malloc(100)); // allocated
    for (int i = 0; i < 5000; i++)
        free(block[i]); // freed
    free(block[2500]); // found
    return 0;
}
