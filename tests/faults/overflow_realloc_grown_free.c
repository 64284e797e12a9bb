// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block that realloc has made 4 bytes longer in its slot.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100));
    p = hide(realloc(p, 104)); // allocated
    spoil(p, 104);
    free(p); // found
    return 0;
}
