// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed block, whose slot realloc hands out again.
#include "sin.h"

static void *resized(size_t size)
{
    return realloc(hide(malloc(4 * size)), size); // found
}

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    free(p); // freed
    put(p, 5, 1);
    reuse_by(resized, 100);
    return 0;
}
