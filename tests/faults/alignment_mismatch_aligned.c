// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block that is aligned to 64 bytes as one that is aligned to 128.
#include "sin.h"

int main(void)
{
    char *p;
    do {
        p = hide(aligned_alloc(64, 128)); // allocated
    } while ((uintptr_t)p % 128 == 0);
    free_aligned_sized(p, 128, 128); // found
    return 0;
}
