// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates the address of a large block that realloc has made a small one.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    hide(realloc(p, 24)); // freed
    hide(realloc(p, 24)); // found
    return 0;
}
