// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to the last of 100 blocks of no bytes.
#include "sin.h"

int main(void)
{
    char *p = NULL;
    for (int i = 0; i < 100; i++)
        p = hide(malloc(0)); // allocated
    put(p, 0, 1); // found
    return 0;
}
