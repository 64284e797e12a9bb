// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the highest aligned address there is.
#include "sin.h"

int main(void)
{
    free(hide((void *)((uintptr_t)-16))); // found
    return 0;
}
