// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates a freed block to the size it had.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    free(p); // freed
    hide(realloc(p, 100)); // found
    return 0;
}
