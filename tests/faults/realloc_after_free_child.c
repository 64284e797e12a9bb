// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates, in a forked child, a block that was freed before the fork.
#include "sin.h"

static char *p;

static void child(void)
{
    hide(realloc(p, 200)); // found
}

int main(void)
{
    p = hide(malloc(100)); // allocated
    free(p); // freed
    return in_child(child);
}
