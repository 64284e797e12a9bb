// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates a 24-byte block that was freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free(p); // freed
    hide(realloc(p, 48)); // found
    return 0;
}
