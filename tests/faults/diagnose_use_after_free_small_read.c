// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads from a freed small block, which profile=diagnose keeps out of reach.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free(p); // freed
    touch(p, 10); // found
    return 0;
}
