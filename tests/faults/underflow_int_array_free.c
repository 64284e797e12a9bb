// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes element -1 of an array of ints.
#include "sin.h"

int main(void)
{
    int *array = (int *)(void *)side_by_side(10 * sizeof(int)).high; // allocated
    array[-1] = ~array[-1];
    free(array); // found
    return 0;
}
