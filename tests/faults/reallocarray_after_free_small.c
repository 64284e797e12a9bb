// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates, as an array, a block that was freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free(p); // freed
    hide(reallocarray(p, 10, 10)); // found
    return 0;
}
