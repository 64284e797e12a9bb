/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A thousand threads at once, on the smallest stacks that the system allows; all allocate every kind of
 * block. Their memory is used again by the thousand that follow.
 * SECMALLOC_TEST_LONG in the environment: ten thousand.
 */
#include "test.h"

#include <limits.h>
#include <pthread.h>

#ifdef SECMALLOC_TEST_DEBUG
enum { STACK = 128 * 1024 };
#else
enum { STACK = 0 };
#endif
enum { THREADS = 1000, LONG = 10000, ROUNDS = 3, MARGIN_KIB = 8 * 1024 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
static size_t here, threads = THREADS;

static void *work(void *argument) {
    static const size_t sizes[] = {1, 24, 100, 1000, 4000, 30000, 100000};
    size_t own = (size_t)argument;
    unsigned char *blocks[7];
    for (size_t i = 0; i < 7; i++) {
        blocks[i] = need(malloc(sizes[i]));
        blocks[i][0] = (unsigned char)own;
    }
    free(need(aligned_alloc(8192, 100)));
    blocks[1] = need(realloc(blocks[1], 500));
    blocks[6] = need(realloc(blocks[6], 150000));
    /* until all are here */
    pthread_mutex_lock(&lock);
    if (++here % threads == 0) pthread_cond_broadcast(&change);
    for (size_t round = (here - 1) / threads; here / threads == round;)
        pthread_cond_wait(&change, &lock);
    pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < 7; i++) {
        CHECK_EQUAL(blocks[i][0], (unsigned char)own);
        free(blocks[i]);
    }
    return NULL;
}

int main(void) {
    static pthread_t ids[LONG];
    pthread_attr_t small;
    long first = 0, now = 0;
    start();
    if (getenv("SECMALLOC_TEST_LONG")) threads = LONG;
    pthread_attr_init(&small);
    /* 16 KiB, thread-local storage included, of which there is next to none; a debug build has deep calls */
    CHECK_EQUAL(pthread_attr_setstacksize(&small, STACK ? STACK : PTHREAD_STACK_MIN), 0);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < threads; i++)
            CHECK_EQUAL(pthread_create(&ids[i], &small, work, (void *)i), 0);
        for (size_t i = 0; i < threads; i++) pthread_join(ids[i], NULL);
        /* what the heap keeps for later depends on the time of day */
        malloc_trim(0);
        now = resident();
        if (getenv("SECMALLOC_TEST_TELL")) printf("round %d: %ld KiB\n", round, now);
        if (round == 0) first = now;
    }
    CHECK(now < first + MARGIN_KIB, "%ld KiB resident after one round, %ld after all", first, now);
    return PASSED;
}
