// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes in the middle of a freed large block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    free(p); // freed
    put(p, 50000, 1); // found
    return 0;
}
