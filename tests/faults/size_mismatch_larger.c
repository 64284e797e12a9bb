// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block with one byte more than it has.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free_sized(p, 25); // found
    return 0;
}
