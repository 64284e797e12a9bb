// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block of calloc.
#include "sin.h"

int main(void)
{
    char *p = hide(calloc(5, 5));
    spoil(p, 25);
    free(p);
    return 0;
}
