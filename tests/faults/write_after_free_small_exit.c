// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed 24-byte block and exits.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free(p); // freed
    spoil(p, 10);
    return 0;
}
