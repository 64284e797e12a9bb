// SPDX-License-Identifier: MIT OR Apache-2.0
// Allocates and frees blocks of all other sizes between the two frees.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(3000)); // allocated
    free(p); // freed
    for (size_t size = 1; size < 2000; size++)
        free(hide(malloc(size)));
    free(p); // found
    return 0;
}
