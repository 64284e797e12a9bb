// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes every byte of blocks of every alignment.
#include "sin.h"

int main(void)
{
    for (size_t alignment = 8; alignment <= (1 << 20); alignment *= 2) {
        for (size_t size = 1; size < 300000; size = size * 4 + 3) {
            void *p = NULL;
            if (posix_memalign(&p, alignment, size) != 0 || (uintptr_t)p % alignment != 0)
                return 1;
            memset(p, 0xff, size);
            free(p);
        }
    }
    return 0;
}
