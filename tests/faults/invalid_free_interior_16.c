// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the address 16 bytes inside a block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    free(p + 16); // found
    return 0;
}
