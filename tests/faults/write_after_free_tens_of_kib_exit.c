// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed 40000-byte block and exits.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(40000)); // allocated
    free(p); // freed
    spoil(p, 20000);
    return 0;
}
