// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes up to the new end of a block that realloc makes longer, byte by byte.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(1));
    for (size_t size = 2; size < 5000; size++) {
        p = hide(realloc(p, size));
        p[size - 1] = 'x';
    }
    free(p);
    return 0;
}
