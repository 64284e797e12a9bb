// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a large block before the fork and again in the child.
#include "sin.h"

static char *p;

static void child(void)
{
    free(p);
}

int main(void)
{
    p = hide(malloc(100000));
    free(p);
    return in_child(child);
}
