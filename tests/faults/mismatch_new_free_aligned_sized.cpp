// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees what an aligned new made.
#include "sin.h"

int main()
{
    void *p = hide(operator new(128, std::align_val_t(64))); // allocated
    free_aligned_sized(p, 64, 128); // found
    return 0;
}
