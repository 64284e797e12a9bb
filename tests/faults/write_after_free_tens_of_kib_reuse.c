// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed 40000-byte block, then allocates until its slot is used again.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(40000)); // allocated
    free(p); // freed
    spoil(p, 20000);
    reuse_all(40000); // found
    return 0;
}
