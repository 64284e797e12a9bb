// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the address 8 bytes inside a block that was freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    free(p); // freed
    free(p + 8); // found
    return 0;
}
