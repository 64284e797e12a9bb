// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed aligned block, whose slot memalign hands out again.
#include "sin.h"

static void *aligned(size_t size)
{
    return memalign(64, size); // found
}

int main(void)
{
    char *p = hide(memalign(64, 128)); // allocated
    free(p); // freed
    put(p, 5, 1);
    reuse_by(aligned, 128);
    return 0;
}
