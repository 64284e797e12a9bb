// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block of a thread that has freed it and ended.
#include "sin.h"

static void *work(void *place)
{
    char *p = hide(malloc(24)); // allocated
    free(p); // freed
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
