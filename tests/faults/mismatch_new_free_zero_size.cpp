// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees an empty object.
#include "sin.h"

int main()
{
    free(hide(operator new(0))); // found, allocated
    return 0;
}
