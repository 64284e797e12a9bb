/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Leads the heap to its system calls, each a few times: system_calls.py looks on. */
#include <smalloc.h>

#include "../api/test.h"

#include <pthread.h>

enum { THREADS = 4, MIB = 1 << 20 };

static pthread_barrier_t together;

/* All want slabs of the same sizes at once. */
static void *contend(void *unused) {
    static __thread void *blocks[4000];
    (void)unused;
    for (int round = 0; round < 5; round++) {
        pthread_barrier_wait(&together);
        for (int i = 0; i < 4000; i++) blocks[i] = need(malloc(any(200)));
        for (int i = 0; i < 4000; i++) free(blocks[i]);
    }
    return NULL;
}

int main(void) {
    pthread_t threads[THREADS];
    start_ours_only();
    for (int i = 0; i < 4; i++) {
        char *block = need(malloc(any(2 * MIB)));
        memset(block, 1, 2 * MIB);
        for (size_t size = 3 * MIB; size < 40 * MIB; size *= 2) block = need(realloc(block, size));
        free(block);
    }
    pthread_barrier_init(&together, NULL, THREADS);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, contend, NULL), 0);
    for (int i = 0; i < THREADS; i++) CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    malloc_trim(0);
    if (getenv("SECMALLOC_TEST_SENSITIVE") != NULL) {
        for (size_t size = 10; size < MIB; size *= 5) sfree(need(smalloc(any(size), 1)));
    }
    return PASSED;
}
