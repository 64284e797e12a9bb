/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A forked child does not have the parent's other threads, but it has the slabs that they drew from: it
 * fills them before it takes memory for new ones.
 */
#include "test.h"

#include <pthread.h>

enum { THREADS = 8, BLOCKS = 40, SIZE = 1000, WANTED = 100 };

static pthread_barrier_t together;

static void *work(void *unused) {
    for (int i = 0; i < BLOCKS; i++) memset(need(malloc(any(SIZE))), 1, SIZE);
    pthread_barrier_wait(&together);
    pthread_barrier_wait(&together);
    return unused;
}

int main(void) {
    pthread_t threads[THREADS];
    start_ours_only();
    pthread_barrier_init(&together, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, work, NULL), 0);
    pthread_barrier_wait(&together);
    pid_t child = fork();
    CHECK(child >= 0, "fork: errno %d", errno);
    if (child == 0) {
        /* A slab has 64 slots, and each thread has one that it has not drawn all of; what it has drawn is
           lost. */
        struct mallinfo2 before = mallinfo2();
        for (size_t i = 0; i < WANTED; i++) memset(need(malloc(any(SIZE))), 2, SIZE);
        struct mallinfo2 after = mallinfo2();
        CHECK(after.arena == before.arena, "%zu bytes were free, and %zu more were taken",
              before.fordblks, after.arena - before.arena);
        exit(PASSED);
    }
    int status = 0;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    pthread_barrier_wait(&together);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    return PASSED;
}
