// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed block, whose slot calloc hands out again.
#include "sin.h"

static void *zeroed(size_t size)
{
    return calloc(1, size); // found
}

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    free(p); // freed
    put(p, 5, 1);
    reuse_by(zeroed, 100);
    return 0;
}
