// SPDX-License-Identifier: MIT OR Apache-2.0
// Fifty threads that make and free a thousand blocks of 777 bytes each.
#include <pthread.h>
#include <stdlib.h>

enum { THREADS = 50, BLOCKS = 1000 };

static void *work(void *unused)
{
    for (int i = 0; i < BLOCKS; i++) {
        char *volatile block = malloc(777);
        if (block == NULL)
            exit(1);
        free(block);
    }
    return unused;
}

int main(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            return 1;
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
