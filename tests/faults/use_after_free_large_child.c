// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads, in a forked child, from a large block that was freed before the fork.
#include "sin.h"

static char *p;

static void child(void)
{
    touch(p, 10); // found
}

int main(void)
{
    p = hide(malloc(100000)); // allocated
    free(p); // freed
    return in_child(child);
}
