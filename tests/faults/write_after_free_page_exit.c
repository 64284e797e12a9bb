// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed 4096-byte block and exits.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(4096)); // allocated
    free(p); // freed
    spoil(p, 2000);
    return 0;
}
