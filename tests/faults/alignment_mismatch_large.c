// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a large block as one that is aligned to a page.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    free_aligned_sized(p, 4096, 100000); // found
    return 0;
}
