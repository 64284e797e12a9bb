// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes as many bytes as malloc_usable_size says.
#include "sin.h"

int main(void)
{
    for (size_t size = 1; size < 200000; size += size / 7 + 1) {
        char *p = hide(malloc(size));
        memset(p, 0xff, malloc_usable_size(p));
        free(p);
    }
    return 0;
}
