// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block that realloc has made shorter in its slot.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(104));
    p = hide(realloc(p, 97)); // allocated
    spoil(p, 97);
    free(p); // found
    return 0;
}
