// SPDX-License-Identifier: MIT OR Apache-2.0
// Allocates blocks of no bytes, all different, and frees them.
#include "sin.h"

int main(void)
{
    char *block[100];
    for (int i = 0; i < 100; i++)
        block[i] = hide(malloc(0));
    for (int i = 0; i < 100; i++)
        for (int j = 0; j < i; j++)
            if (block[i] == block[j])
                return 1;
    for (int i = 0; i < 100; i++)
        free(block[i]);
    free(hide(realloc(hide(malloc(0)), 10)));
    free(NULL);
    return 0;
}
