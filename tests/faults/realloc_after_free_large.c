// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates a 100000-byte block that was freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    free(p); // freed
    hide(realloc(p, 200000)); // found
    return 0;
}
