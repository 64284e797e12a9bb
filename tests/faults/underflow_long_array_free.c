// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes element -1 of an array of 8-byte integers.
#include "sin.h"

int main(void)
{
    uint64_t *array = (uint64_t *)(void *)side_by_side(10 * sizeof(uint64_t)).high; // allocated
    array[-1] = ~array[-1];
    free(array); // found
    return 0;
}
