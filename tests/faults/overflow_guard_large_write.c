// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes the byte behind a large block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    put(p, 100000, 1); // found
    return 0;
}
