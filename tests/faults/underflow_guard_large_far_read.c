// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads in the guard before a large block that starts inside a page (100000 bytes leave 2400).
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    touch(p, -2401); // found
    return 0;
}
