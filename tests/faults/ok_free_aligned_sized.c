// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees aligned blocks with their right alignment and size.
#include "sin.h"

int main(void)
{
    for (size_t alignment = 16; alignment <= 65536; alignment *= 2)
        for (size_t size = alignment; size <= 300000; size *= 3)
            free_aligned_sized(hide(memalign(alignment, size)), alignment, size);
    free_aligned_sized(NULL, 64, 64);
    return 0;
}
