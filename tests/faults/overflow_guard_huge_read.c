// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads the byte behind a block of a gibibyte.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc((size_t)1 << 30)); // allocated
    touch(p, (ptrdiff_t)1 << 30); // found
    return 0;
}
