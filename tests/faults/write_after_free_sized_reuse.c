// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a block that was freed with its size.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    free_sized(p, 100); // freed
    put(p, 5, 1);
    reuse_all(100); // found
    return 0;
}
