// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads a later byte of a block of no bytes.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(0)); // allocated
    touch(p, 7); // found
    return 0;
}
