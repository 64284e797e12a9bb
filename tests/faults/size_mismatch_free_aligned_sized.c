// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees an aligned block with a wrong size.
#include "sin.h"

int main(void)
{
    char *p = hide(aligned_alloc(64, 128)); // allocated
    free_aligned_sized(p, 64, 192); // found
    return 0;
}
