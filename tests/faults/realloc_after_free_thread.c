// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates, in another thread, a block that was freed here.
#include "sin.h"

static void *work(void *p)
{
    hide(realloc(p, 200)); // found
    return NULL;
}

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    free(p); // freed
    in_thread(work, p);
    return 0;
}
