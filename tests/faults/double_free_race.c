// SPDX-License-Identifier: MIT OR Apache-2.0
// Two threads free the same block at the same moment: one of them must lose.
#include "sin.h"

#include <stdatomic.h>

static atomic_int ready;
static char *block;

static void *work(void *unused)
{
    atomic_fetch_add(&ready, 1);
    while (atomic_load(&ready) < 2)
        ;
    free(block);
    return unused;
}

int main(void)
{
    for (int i = 0; i < 1000; i++) {
        atomic_store(&ready, 0);
        block = hide(malloc(24));
        pthread_t other;
        if (pthread_create(&other, NULL, work, NULL) != 0)
            return 99;
        work(NULL);
        pthread_join(other, NULL);
    }
    return 0;
}
