// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a sensitive local in a thread.
#include "sin.h"

#include <smalloc.h>

static void *work(void *unused)
{
    SMALLOC_LOCAL(long, local); // found
    spoil(hide(local), sizeof *local);
    return unused;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    pthread_join(thread, NULL);
    return 0;
}
