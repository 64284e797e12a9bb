// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the second half of a block, with the size of the half.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(64)); // allocated
    free_sized(p + 32, 32); // found
    return 0;
}
