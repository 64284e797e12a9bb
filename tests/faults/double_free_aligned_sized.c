// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees an aligned block twice, with its right alignment and size both times.
#include "sin.h"

int main(void)
{
    char *p = hide(aligned_alloc(64, 128)); // allocated
    free_aligned_sized(p, 64, 128); // freed
    free_aligned_sized(p, 64, 128); // found
    return 0;
}
