// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes the first byte of a freed block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    free(p); // freed
    put(p, 0, 1);
    reuse_all(100); // found
    return 0;
}
