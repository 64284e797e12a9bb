// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block of aligned_alloc.
#include "sin.h"

int main(void)
{
    char *p = hide(aligned_alloc(64, 128)); // allocated
    spoil(p, 128);
    free(p); // found
    return 0;
}
