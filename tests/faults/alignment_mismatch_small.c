// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block as one that is aligned to a page.
#include "sin.h"

int main(void)
{
    char *p;
    do {
        p = hide(malloc(100)); // allocated
    } while ((uintptr_t)p % 4096 == 0);
    free_aligned_sized(p, 4096, 100); // found
    return 0;
}
