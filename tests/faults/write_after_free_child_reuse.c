// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes in a forked child to a block that was freed before the fork.
#include "sin.h"

static char *p;

static void child(void)
{
    put(p, 5, 1);
    reuse_all(100); // found
}

int main(void)
{
    p = hide(malloc(100)); // allocated
    free(p); // freed
    return in_child(child);
}
