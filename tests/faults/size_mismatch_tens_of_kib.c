// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block of 40000 bytes with one byte less.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(40000)); // allocated
    free_sized(p, 39999); // found
    return 0;
}
