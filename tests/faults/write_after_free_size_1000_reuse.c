// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed 1000-byte block, then allocates until its slot is used again.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(1000)); // allocated
    free(p); // freed
    spoil(p, 999);
    reuse_all(1000); // found
    return 0;
}
