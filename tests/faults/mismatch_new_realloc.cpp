// SPDX-License-Identifier: MIT OR Apache-2.0
// Lets realloc change what new made, which makes it malloc's.
#include "sin.h"

int main()
{
    free(hide(realloc(hide(operator new(24)), 2000))); // found, allocated
    return 0;
}
