// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the address that realloc has moved a block away from.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    hide(realloc(p, 5000)); // freed
    free(p); // found
    return 0;
}
