// SPDX-License-Identifier: MIT OR Apache-2.0
// Lets reallocarray change what new made.
#include "sin.h"

int main()
{
    free(hide(reallocarray(hide(operator new(24)), 5, 100))); // found, allocated
    return 0;
}
