// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block with the size of its slot.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    free_sized(p, 112); // found
    return 0;
}
