// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates a 40000-byte block that was freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(40000));
    free(p);
    hide(realloc(p, 50000));
    return 0;
}
