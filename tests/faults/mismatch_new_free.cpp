// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees what new made.
#include "sin.h"

int main()
{
    free(hide(operator new(24))); // found, allocated
    return 0;
}
