// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads behind a large block of the parent in a forked child.
#include "sin.h"

static char *p;

static void child(void)
{
    touch(p, 100000); // found
}

int main(void)
{
    p = hide(malloc(100000)); // allocated
    return in_child(child);
}
