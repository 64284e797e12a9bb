// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates a 4096-byte block that was freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(4096)); // allocated
    free(p); // freed
    hide(realloc(p, 8192)); // found
    return 0;
}
