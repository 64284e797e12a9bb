// SPDX-License-Identifier: MIT OR Apache-2.0
// Sums up a large array of ints, one element too many.
#include "sin.h"

int main(void)
{
    int *array = hide(calloc(40000, sizeof(int))); // allocated
    volatile int sum = 0;
    for (int i = 0; i <= 40000; i++)
        sum += array[i]; // found
    return 0;
}
