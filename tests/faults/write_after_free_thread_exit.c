// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a block that was freed by a thread which has ended.
#include "sin.h"

static void *work(void *place)
{
    char *p = hide(malloc(100)); // allocated
    free(p); // freed
    *(char **)place = p;
    return NULL;
}

int main(void)
{
    char *p = NULL;
    in_thread(work, &p);
    put(p, 5, 1);
    return 0;
}
