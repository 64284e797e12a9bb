// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed 8-byte block and exits.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(8)); // allocated
    free(p); // freed
    spoil(p, 7);
    return 0;
}
