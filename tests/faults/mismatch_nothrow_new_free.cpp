// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees what a new made that does not throw.
#include "sin.h"

int main()
{
    free(hide(operator new(24, std::nothrow))); // found, allocated
    return 0;
}
