// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees many blocks that new made, in one place: it is said once.
#include "sin.h"

int main()
{
    for (int i = 0; i < 1000; i++)
        free(hide(operator new(24))); // found, allocated
    return 0;
}
