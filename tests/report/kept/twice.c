// SPDX-License-Identifier: MIT OR Apache-2.0
// Sound blocks, each freed a second time: those of a sample are known with both their calls.
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

__attribute__((noinline)) void ender(void *block)
{
    free(block);
    hide(block);
}

int main(void)
{
    static char *blocks[MANY];
    for (int i = 0; i < MANY; i++) blocks[i] = maker();
    for (int i = 0; i < MANY; i++) {
        ender(blocks[i]);
        free(hide(blocks[i]));
    }
    return 0;
}
