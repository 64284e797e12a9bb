// SPDX-License-Identifier: MIT OR Apache-2.0
// Has many threads allocate and free, then watches a secret: the short way of every size is closed.
#include "secret.h"

static void *work(void *unused)
{
    (void)unused;
    for (size_t size = 8; size < 70000; size += size / 4)
        free(hide(malloc(size)));
    return NULL;
}

int main(void)
{
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            return 99;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    work(NULL);
    watch_secret(SECRET);
    char *p = hide(malloc(600)); // allocated
    leave_secret(p, 400);
    work(NULL);
    free(p); // found
    return 0;
}
