// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block in another thread, which ends, and then here.
#include "sin.h"

static void *work(void *p)
{
    free(p); // freed
    return NULL;
}

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    in_thread(work, p);
    free(p); // found
    return 0;
}
