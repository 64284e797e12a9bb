// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a large block that is freed with its right size.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100001)); // allocated
    spoil(p, 100001);
    free_sized(p, 100001); // found
    return 0;
}
