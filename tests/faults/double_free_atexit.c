// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block, which a function that runs at exit frees again.
#include "sin.h"

static char *p;

static void clean_up(void)
{
    free(p);
}

int main(void)
{
    p = hide(malloc(24));
    atexit(clean_up);
    free(p);
    return 0;
}
