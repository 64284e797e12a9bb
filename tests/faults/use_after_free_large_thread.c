// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads, in another thread, from a large block that was freed here.
#include "sin.h"

static void *work(void *p)
{
    touch(p, 10); // found
    return NULL;
}

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    free(p); // freed
    in_thread(work, p);
    return 0;
}
