// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a global array.
#include "sin.h"

static char array[64] = "initialised";

int main(void)
{
    free(hide(array)); // found
    return 0;
}
