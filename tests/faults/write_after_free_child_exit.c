// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed block in a forked child that exits normally.
#include "sin.h"

static char *p;

static void child(void)
{
    put(p, 5, 1);
}

int main(void)
{
    p = hide(malloc(100)); // allocated
    free(p); // freed
    return in_child(child); // found
}
