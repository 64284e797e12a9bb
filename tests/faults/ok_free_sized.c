// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees blocks with their right size.
#include "sin.h"

int main(void)
{
    for (size_t size = 0; size <= 200000; size = size * 2 + 1)
        free_sized(hide(malloc(size)), size);
    char *p = hide(malloc(100));
    p = hide(realloc(p, 104));
    free_sized(p, 104);
    free_sized(hide(calloc(7, 9)), 63);
    free_sized(NULL, 12);
    return 0;
}
