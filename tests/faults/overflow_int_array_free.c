// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes element 10 of an array of 10 ints.
#include "sin.h"

int main(void)
{
    int *array = hide(malloc(10 * sizeof(int))); // allocated
    array[10] = ~array[10];
    free(array); // found
    return 0;
}
