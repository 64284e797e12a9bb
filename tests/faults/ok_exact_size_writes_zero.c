// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes zeros to every byte of blocks that are held until exit.
#include "sin.h"

int main(void)
{
    for (size_t size = 0; size <= 2000; size++)
        memset(hide(malloc(size)), 0, size);
    return 0;
}
