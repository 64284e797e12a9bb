// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees memory of sbrk.
#include "sin.h"

int main(void)
{
    free(hide(sbrk(4096))); // found
    return 0;
}
