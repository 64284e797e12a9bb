// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the address 4096 bytes inside a large block that was freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    free(p); // freed
    free(p + 4096); // found
    return 0;
}
