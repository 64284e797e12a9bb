// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a global array of zeros.
#include "sin.h"

static char array[64];

int main(void)
{
    free(hide(array)); // found
    return 0;
}
