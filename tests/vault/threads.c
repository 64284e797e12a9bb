/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A sensitive stack for each thread: it goes with the thread, however that ends, also where destructors of others use
 * it afterwards; nothing is left mapped.
 */
#include "vault.h"

#include <pthread.h>

static pthread_key_t first, last;
static unsigned char *volatile seen;

static void use(size_t size) {
    SMALLOC_LOCAL_ARRAY(unsigned char, bytes, size);
    check_zero(bytes, size, "a new local");
    fill(bytes, size, 1);
    SMALLOC_LOCAL(int, inner);
    *inner = 2;
    seen = bytes;
}

static void destroy(void *rounds) {
    use(300);
    /* Again in the next round, to the last there is. */
    if ((uintptr_t)rounds > 1) pthread_setspecific(last, (void *)((uintptr_t)rounds - 1));
}

static void *work(void *how) {
    pthread_setspecific(first, (void *)1);
    pthread_setspecific(last, (void *)10);
    if (how == NULL) free(malloc(10));
    for (int i = 0; i < 10; i++) use(1000);
    SMALLOC_LOCAL(long, outer);
    *outer = 1;
    if ((uintptr_t)how == 2) pthread_exit(NULL);
    if ((uintptr_t)how == 3) {
        pthread_cancel(pthread_self());
        pthread_testcancel();
    }
    return NULL;
}

static void *never_used(void *unused) {
    pthread_setspecific(last, (void *)4);
    return unused;
}

static void one(void *(*what)(void *), uintptr_t how) {
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, what, (void *)how), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
}

static void *at_once(void *turn) {
    SMALLOC_LOCAL_ARRAY(unsigned char, mine, 2000);
    fill(mine, 2000, (unsigned)(uintptr_t)turn);
    for (int i = 0; i < 2000; i++) use((size_t)i % 100 + 1);
    check_filled(mine, 2000, (unsigned)(uintptr_t)turn);
    return NULL;
}

int main(void) {
    CHECK_EQUAL(pthread_key_create(&first, destroy), 0);
    use(10);
    CHECK_EQUAL(pthread_key_create(&last, destroy), 0);
    for (uintptr_t how = 0; how < 20; how++) one(work, how % 4);
    long before = mappings();
    for (uintptr_t how = 0; how < 200; how++) one(work, how % 4);
    for (uintptr_t how = 0; how < 50; how++) one(never_used, 0);
    long after = mappings();
    CHECK(after < before + 20, "%ld mappings, and %ld after some hundred threads", before, after);
    pthread_t threads[16];
    for (uintptr_t i = 0; i < 16; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, at_once, (void *)i), 0);
    for (int i = 0; i < 16; i++) CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    use(10);
    return 0;
}
