// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the number 16.
#include "sin.h"

int main(void)
{
    free(hide((void *)((uintptr_t)16))); // found
    return 0;
}
