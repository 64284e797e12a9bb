// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes in the middle of a freed large block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000));
    free(p);
    put(p, 50000, 1);
    return 0;
}
