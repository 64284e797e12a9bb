// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed 8-byte block, then allocates until its slot is used again.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(8)); // allocated
    free(p); // freed
    spoil(p, 0);
    reuse_all(8); // found
    return 0;
}
