// SPDX-License-Identifier: MIT OR Apache-2.0
// Deletes what aligned_alloc made, as aligned.
#include "sin.h"

int main()
{
    operator delete(hide(aligned_alloc(64, 128)), std::align_val_t(64)); // found, allocated
    return 0;
}
