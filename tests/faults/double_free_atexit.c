// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block, which a function that runs at exit frees again.
#include "sin.h"

static char *p;

static void clean_up(void)
{
    free(p); // found
}

int main(void)
{
    p = hide(malloc(24)); // allocated
    atexit(clean_up);
    free(p); // freed
    return 0;
}
