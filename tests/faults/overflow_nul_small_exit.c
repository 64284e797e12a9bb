// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes a zero behind a block that is never freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    put(p, 24, 0);
    return 0;
}
