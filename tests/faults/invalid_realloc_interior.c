// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates the address 8 bytes inside a block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    hide(realloc(p + 8, 200)); // found
    return 0;
}
