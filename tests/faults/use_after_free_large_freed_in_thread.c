// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads from a large block that another thread has freed.
#include "sin.h"

static void *work(void *p)
{
    free(p); // freed
    return NULL;
}

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    in_thread(work, p);
    touch(p, 10); // found
    return 0;
}
