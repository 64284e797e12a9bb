// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block of no bytes as one of 8.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(0)); // allocated
    free_sized(p, 8); // found
    return 0;
}
