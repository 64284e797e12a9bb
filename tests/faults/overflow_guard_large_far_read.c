// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads 3000 bytes past the end of a large block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    touch(p, 103000); // found
    return 0;
}
