// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees 40000 bytes that new made.
#include "sin.h"

int main()
{
    free(hide(operator new(40000))); // found, allocated
    return 0;
}
