// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block with a secret in it in another thread, which was there before.
#include "secret.h"

static pthread_barrier_t watched;

static void *work(void *p)
{
    free(hide(malloc(100)));
    pthread_barrier_wait(&watched);
    pthread_barrier_wait(&watched);
    free(p); // found
    return NULL;
}

int main(void)
{
    pthread_t thread;
    char *p = hide(malloc(100)); // allocated

    if (pthread_barrier_init(&watched, NULL, 2) != 0 ||
        pthread_create(&thread, NULL, work, p) != 0)
        return 99;
    pthread_barrier_wait(&watched);
    watch_secret(SECRET);
    leave_secret(p, 40);
    pthread_barrier_wait(&watched);
    pthread_join(thread, NULL);
    return 0;
}
