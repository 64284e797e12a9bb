// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes as many bytes as malloc_usable_size says when it says the size of the slot.
#include "sin.h"

int main(void)
{
    for (size_t size = 1; size < 200000; size += size / 7 + 1) {
        char *p = hide(malloc(size));
        size_t usable = malloc_usable_size(p);
        if (usable < size)
            return 1;
        memset(p, 0xff, usable);
        free(p);
    }
    return 0;
}
