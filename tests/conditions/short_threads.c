/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Thousands of threads that come and go: by return, by pthread_exit, by cancellation, the last of them by
 * the end of their process. Blocks outlive their threads, and memory stays as it was.
 * SECMALLOC_TEST_LONG in the environment: ten times as many.
 */
#include "test.h"

#include <pthread.h>

enum { AT_A_TIME = 8, THREADS = 10000, ROUNDS = 4, LEFT = 4, MARGIN_KIB = 4 * 1024 };

struct job {
    unsigned number;
    void *left[LEFT]; /* what the thread does not free */
};

static void *work(void *argument) {
    struct job *job = argument;
    uint64_t state = job->number;
    for (int i = 0; i < LEFT; i++) {
        size_t size = next_number(&state) % 3000 + 1;
        void *own = need(malloc(size));
        memset(own, 1, size);
        job->left[i] = need(malloc(size / 4 + 1));
        free(own);
    }
    if (job->number % 3 == 1) pthread_exit(NULL);
    while (job->number % 3 == 2) {
        free(need(malloc(next_number(&state) % 3000)));
        pthread_testcancel();
        /* most wait for it, some go on */
        if (job->number % 30 != 2) pause();
    }
    return NULL;
}

static void round_of(unsigned threads) {
    static struct job jobs[AT_A_TIME];
    pthread_t ids[AT_A_TIME];
    for (unsigned done = 0; done < threads; done += AT_A_TIME) {
        for (unsigned i = 0; i < AT_A_TIME; i++) {
            jobs[i].number = done + i;
            CHECK_EQUAL(pthread_create(&ids[i], NULL, work, &jobs[i]), 0);
        }
        for (unsigned i = 0; i < AT_A_TIME; i++) {
            void *result = NULL;
            if (jobs[i].number % 3 == 2) CHECK_EQUAL(pthread_cancel(ids[i]), 0);
            pthread_join(ids[i], &result);
            CHECK((result == PTHREAD_CANCELED) == (jobs[i].number % 3 == 2), "how a thread ended");
            for (int k = 0; k < LEFT; k++) free(jobs[i].left[k]);
            memset(jobs[i].left, 0, sizeof jobs[i].left);
        }
    }
}

static void *forever(void *unused) {
    for (;;) free(need(malloc(any(100))));
    return unused;
}

int main(void) {
    pthread_t id;
    start();
    unsigned threads = THREADS / ROUNDS * (getenv("SECMALLOC_TEST_LONG") ? 10 : 1);
    round_of(threads);
    long first = resident(), maps = mappings();
    for (int i = 1; i < ROUNDS; i++) round_of(threads);
    long now = resident(), maps_now = mappings();
    CHECK(now < first + MARGIN_KIB, "%ld KiB resident after one round, %ld after all", first, now);
    CHECK(maps_now < maps + 100, "%ld mappings after one round, %ld after all", maps, maps_now);
    for (int i = 0; i < 4; i++) CHECK_EQUAL(pthread_create(&id, NULL, forever, NULL), 0);
    return PASSED;
}
