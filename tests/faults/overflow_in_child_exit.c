// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block of the parent in a child that exits normally.
#include "sin.h"

static char *p;

static void child(void)
{
    spoil(p, 24);
}

int main(void)
{
    p = hide(malloc(24)); // allocated
    return in_child(child); // found
}
