// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads the first byte that the rounding to 16 does not cover.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100001)); // allocated
    touch(p, 100016); // found
    return 0;
}
