// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees what new made with a size, which is right.
#include "sin.h"

int main()
{
    free_sized(hide(operator new(24)), 24); // found, allocated
    return 0;
}
