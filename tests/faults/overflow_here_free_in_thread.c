// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block here; another thread frees it.
#include "sin.h"

static void *work(void *p)
{
    free(p); // found
    return NULL;
}

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    in_thread(work, p);
    return 0;
}
