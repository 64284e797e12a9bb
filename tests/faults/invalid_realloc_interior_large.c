// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates the address 16 bytes inside a large block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    hide(realloc(p + 16, 200000)); // found
    return 0;
}
