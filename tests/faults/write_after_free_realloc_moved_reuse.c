// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes through the old address of a block that realloc has moved.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    hide(realloc(p, 5000)); // freed
    put(p, 5, 1);
    reuse_all(100); // found
    return 0;
}
