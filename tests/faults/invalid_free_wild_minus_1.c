// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the highest address there is.
#include "sin.h"

int main(void)
{
    free(hide((void *)((uintptr_t)-1))); // found
    return 0;
}
