// SPDX-License-Identifier: MIT OR Apache-2.0
#include "chain.h"
#include <pthread.h>

static void *work(void *block)
{
    end(block);
    return NULL;
}

int main(void)
{
    char *block = make(100);
    pthread_t thread;
    pthread_create(&thread, NULL, work, block);
    pthread_join(thread, NULL);
    free(hide(block)); // found
    return 0;
}
