// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block that is freed with its right alignment and size.
#include "sin.h"

int main(void)
{
    char *p = hide(aligned_alloc(32, 64)); // allocated
    spoil(p, 64);
    free_aligned_sized(p, 32, 64); // found
    return 0;
}
