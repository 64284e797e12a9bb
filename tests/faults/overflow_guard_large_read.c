// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads the byte behind a large block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    touch(p, 100000); // found
    return 0;
}
