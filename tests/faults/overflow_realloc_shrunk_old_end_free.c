// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes the last byte that a block had before realloc made it shorter.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(1000));
    p = hide(realloc(p, 900)); // allocated
    spoil(p, 999);
    free(p); // found
    return 0;
}
