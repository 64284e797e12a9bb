// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a 24-byte block here and then in another thread.
#include "sin.h"

static void *work(void *p)
{
    free(p); // found
    return NULL;
}

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free(p); // freed
    in_thread(work, p);
    return 0;
}
