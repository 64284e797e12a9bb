// SPDX-License-Identifier: MIT OR Apache-2.0
// Grows an array that was freed.
#include "sin.h"

int main(void)
{
    char *p = hide(calloc(10, 8)); // allocated
    free(p); // freed
    p = recallocarray(hide(p), 10, 20, 8); // found
    return 0;
}
