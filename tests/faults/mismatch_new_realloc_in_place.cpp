// SPDX-License-Identifier: MIT OR Apache-2.0
// The same, where the block need not move.
#include "sin.h"

int main()
{
    free(hide(realloc(hide(operator new(24)), 23))); // found, allocated
    return 0;
}
