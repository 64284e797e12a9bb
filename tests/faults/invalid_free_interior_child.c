// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees, in a forked child, the address 8 bytes inside a block.
#include "sin.h"

static char *p;

static void child(void)
{
    free(p + 8); // found
}

int main(void)
{
    p = hide(malloc(100)); // allocated
    return in_child(child);
}
