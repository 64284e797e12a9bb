// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a block that was freed with its size.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100));
    free_sized(p, 100);
    put(p, 5, 1);
    reuse_all(100);
    return 0;
}
