// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates a global array.
#include "sin.h"

static char array[64];

int main(void)
{
    hide(reallocarray(hide(array), 10, 10)); // found
    return 0;
}
