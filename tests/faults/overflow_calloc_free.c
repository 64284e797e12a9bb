// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block of calloc.
#include "sin.h"

int main(void)
{
    char *p = hide(calloc(5, 5)); // allocated
    spoil(p, 25);
    free(p); // found
    return 0;
}
