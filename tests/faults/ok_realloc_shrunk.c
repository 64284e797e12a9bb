// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes up to the new end of a block that realloc makes shorter, byte by byte.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(5000));
    for (size_t size = 4999; size > 0; size--) {
        p = hide(realloc(p, size));
        memset(p, 0xff, size);
    }
    free(p);
    return 0;
}
