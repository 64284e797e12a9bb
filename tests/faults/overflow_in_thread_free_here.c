// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block in the thread that allocated it; the first thread frees it.
#include "sin.h"

static void *work(void *place)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    *(char **)place = p;
    return NULL;
}

int main(void)
{
    char *p = NULL;
    in_thread(work, &p);
    free(p); // found
    return 0;
}
