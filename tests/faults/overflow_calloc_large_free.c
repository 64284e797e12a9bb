// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a large block of calloc.
#include "sin.h"

int main(void)
{
    char *p = hide(calloc(3, 33333)); // allocated
    spoil(p, 99999);
    free(p); // found
    return 0;
}
