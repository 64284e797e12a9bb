// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block in the child and, the memory being another, in the parent.
#include "sin.h"

static char *p;
static char *large;

static void release(void)
{
    free(p);
    free(large);
}

int main(void)
{
    p = memset(hide(malloc(24)), 0xff, 24);
    large = memset(hide(malloc(100000)), 0xff, 100000);
    int status = in_child(release);
    release();
    return status;
}
