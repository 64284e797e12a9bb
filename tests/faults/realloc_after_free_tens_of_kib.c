// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates a 40000-byte block that was freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(40000)); // allocated
    free(p); // freed
    hide(realloc(p, 50000)); // found
    return 0;
}
