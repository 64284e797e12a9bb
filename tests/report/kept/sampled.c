// SPDX-License-Identifier: MIT OR Apache-2.0
// Thousands of zeroed blocks over 256 bytes that were never used before, which all take the long way, and a byte too
// many in each.
#include <stdlib.h>

enum { MANY = 6000 };

static void *hide(void *pointer)
{
    __asm__ volatile("" : "+r"(pointer) : : "memory");
    return pointer;
}

__attribute__((noinline)) void *maker(void)
{
    return hide(calloc(1, 300));
}

int main(void)
{
    static char *blocks[MANY];
    for (int i = 0; i < MANY; i++) blocks[i] = maker();
    for (int i = 0; i < MANY; i++) blocks[i][300] ^= 0x55;
    for (int i = 0; i < MANY; i++) free(blocks[i]);
    return 0;
}
