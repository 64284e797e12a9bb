// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a global array, with its alignment and size.
#include "sin.h"

static _Alignas(64) char array[64];

int main(void)
{
    free_aligned_sized(hide(array), 64, sizeof array); // found
    return 0;
}
