// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees what new made by realloc.
#include "sin.h"

int main()
{
    if (realloc(hide(operator new(24)), 0)) // found, allocated
        return 1;
    return 0;
}
