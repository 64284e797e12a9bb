// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block before the fork; the child frees its copy.
#include "sin.h"

static char *p;

static void child(void)
{
    free(p); // found
}

int main(void)
{
    p = hide(malloc(24)); // allocated
    spoil(p, 24);
    return in_child(child);
}
