// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows and frees a block in a forked child.
#include "sin.h"

static void child(void)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    free(p); // found
}

int main(void)
{
    return in_child(child);
}
