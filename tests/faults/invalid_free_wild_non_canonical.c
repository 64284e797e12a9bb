// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees an address that cannot exist.
#include "sin.h"

int main(void)
{
    free(hide((void *)((uintptr_t)0x4141414141414140))); // found
    return 0;
}
