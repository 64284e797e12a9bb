// SPDX-License-Identifier: MIT OR Apache-2.0
// Grows an array and tells a wrong old length.
#include "sin.h"

int main(void)
{
    free(hide(recallocarray(hide(calloc(10, 8)), 9, 20, 8))); // found, allocated
    return 0;
}
