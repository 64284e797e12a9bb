// SPDX-License-Identifier: MIT OR Apache-2.0
// Built twice, with one NUMBER and another: the same code at the same places, but for that.
#include <stdlib.h>

int number = NUMBER;

void *make(void)
{
    void *block = malloc(3000);
    __asm__ volatile("" : "+r"(block) : : "memory");
    return block;
}
