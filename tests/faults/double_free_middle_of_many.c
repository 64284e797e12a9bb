// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees 5000 blocks in turn, the 2500th of them twice.
#include "sin.h"

int main(void)
{
    static char *block[5000];
    for (int i = 0; i < 5000; i++)
        block[i] = hide(malloc(100));
    for (int i = 0; i < 5000; i++)
        free(block[i]);
    free(block[2500]);
    return 0;
}
