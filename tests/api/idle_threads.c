/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A thread that used many sizes a little, and then sleeps, holds little memory: what it needs now and
 * then it shares with others.
 */
#include "test.h"

#include <pthread.h>

enum { THREADS = 400, SIZES = 20, EACH = 3, STACK = 128 * 1024, MOST_KIB = 100 };

static pthread_barrier_t standing, idle, ending;

static void *work(void *unused) {
    (void)unused;
    pthread_barrier_wait(&standing);
    for (size_t i = 1; i <= SIZES; i++) {
        void *blocks[EACH];
        for (size_t k = 0; k < EACH; k++) {
            blocks[k] = need(malloc(any(i * i * 8)));
            memset(blocks[k], 1, i * i * 8);
        }
        for (size_t k = 0; k < EACH; k++) free(blocks[k]);
    }
    pthread_barrier_wait(&idle);
    pthread_barrier_wait(&ending);
    return NULL;
}

int main(void) {
    static pthread_t threads[THREADS];
    start_ours_only();
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_barrier_init(&standing, NULL, THREADS + 1);
    pthread_barrier_init(&idle, NULL, THREADS + 1);
    pthread_barrier_init(&ending, NULL, THREADS + 1);
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], &attributes, work, NULL), 0);
    long before = resident();
    pthread_barrier_wait(&standing);
    pthread_barrier_wait(&idle);
    long each = (resident() - before) / THREADS;
    CHECK(each < MOST_KIB, "%ld KiB for each thread", each);
    pthread_barrier_wait(&ending);
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    return PASSED;
}
