// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block with a wrong size in a forked child.
#include "sin.h"

static char *p;

static void child(void)
{
    free_sized(p, 32); // found
}

int main(void)
{
    p = hide(malloc(24)); // allocated
    return in_child(child);
}
