// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block that realloc to no bytes has freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    hide(realloc(p, 0)); // freed
    free(p); // found
    return 0;
}
