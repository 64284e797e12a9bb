// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block that realloc had to move.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24));
    p = hide(realloc(p, 1000)); // allocated
    spoil(p, 1000);
    free(p); // found
    return 0;
}
