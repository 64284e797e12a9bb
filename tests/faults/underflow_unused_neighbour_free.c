// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte before a block, in front of which nothing is allocated.
#include "sin.h"

int main(void)
{
    // Not at the start of a page, where a guard may come before.
    char *p;
    do {
        p = hide(malloc(2500)); // allocated
    } while ((uintptr_t)p % 4096 == 0);
    spoil(p, -1);
    free(p); // found
    return 0;
}
