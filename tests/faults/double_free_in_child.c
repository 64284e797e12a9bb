// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block before the fork and again in the child.
#include "sin.h"

static char *p;

static void child(void)
{
    free(p); // found
}

int main(void)
{
    p = hide(malloc(24)); // allocated
    free(p); // freed
    return in_child(child);
}
