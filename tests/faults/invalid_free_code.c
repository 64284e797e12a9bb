// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a function.
#include "sin.h"

int main(void)
{
    free(hide((void *)(uintptr_t)&main)); // found
    return 0;
}
