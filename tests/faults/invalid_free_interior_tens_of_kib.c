// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the address 16384 bytes inside a block of 40000.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(40000)); // allocated
    free(p + 16384); // found
    return 0;
}
