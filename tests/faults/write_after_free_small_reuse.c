// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed 24-byte block, then allocates until its slot is used again.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free(p); // freed
    spoil(p, 10);
    reuse_all(24); // found
    return 0;
}
