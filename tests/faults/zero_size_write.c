// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a block of no bytes.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(0)); // allocated
    put(p, 0, 1); // found
    return 0;
}
