// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a block that another thread freed, which then gets its slot again.
#include "sin.h"

static void *release(void *p)
{
    free(p); // freed
    put(p, 5, 1);
    // Not many at a time: the slot would go back to where the block came from, for the other thread.
    for (int i = 0; i < 100000; i++)
        free(hide(malloc(100))); // found
    return NULL;
}

int main(void)
{
    in_thread(release, hide(malloc(100))); // allocated
    return 0;
}
