// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the end of what a program may address.
#include "sin.h"

int main(void)
{
    free(hide((void *)((uintptr_t)0x00007ffffffff000))); // found
    return 0;
}
