// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates a freed block to no bytes.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free(p); // freed
    hide(realloc(p, 0)); // found
    return 0;
}
