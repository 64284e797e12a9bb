// SPDX-License-Identifier: MIT OR Apache-2.0
// The same with a large array.
#include "sin.h"

int main(void)
{
    free(hide(recallocarray(hide(calloc(10, 10000)), 11, 20, 10000))); // found, allocated
    return 0;
}
