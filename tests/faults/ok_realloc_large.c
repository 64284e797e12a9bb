// SPDX-License-Identifier: MIT OR Apache-2.0
// Grows and shrinks a large block across all borders and keeps its content.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(10));
    memcpy(p, "unchanged", 10);
    for (size_t size = 20; size < 50000000; size *= 3) {
        p = hide(realloc(p, size));
        p[size - 1] = 'x';
    }
    for (size_t size = 50000000; size >= 10; size /= 2) {
        p = hide(realloc(p, size));
        if (strcmp(p, "unchanged") != 0)
            return 1;
    }
    free(p);
    return 0;
}
