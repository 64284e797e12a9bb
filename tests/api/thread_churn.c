/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Thousands of short threads: what each had in hand is used again, memory stays as it was. */
#include "test.h"

#include <pthread.h>

enum { THREADS = 2000, AT_A_TIME = 4, WARM = 400, BLOCKS = 200, GROWTH_KIB = 8 * 1024 };

struct job {
    uint64_t seed;
    void *left[BLOCKS]; /* blocks that outlive their thread; main frees them */
};

static void *work(void *argument) {
    struct job *job = argument;
    uint64_t state = job->seed;
    void *own[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        size_t size = next_number(&state) % 3000 + 1;
        own[i] = need(malloc(size));
        memset(own[i], 1, size);
        size = next_number(&state) % 500 + 1;
        job->left[i] = need(malloc(size));
        memset(job->left[i], 2, size);
    }
    for (int i = 0; i < BLOCKS; i++) free(own[i]);
    return NULL;
}

static void crowd(unsigned round) {
    static struct job jobs[AT_A_TIME];
    pthread_t threads[AT_A_TIME];
    for (unsigned i = 0; i < AT_A_TIME; i++) {
        jobs[i].seed = round * AT_A_TIME + i;
        CHECK_EQUAL(pthread_create(&threads[i], NULL, work, &jobs[i]), 0);
    }
    for (int i = 0; i < AT_A_TIME; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < AT_A_TIME; i++)
        for (int k = 0; k < BLOCKS; k++) free(jobs[i].left[k]);
}

int main(void) {
    start();
    unsigned round = 0;
    for (; round < WARM / AT_A_TIME; round++) crowd(round);
    long memory = resident(), maps = mappings();
    for (; round < THREADS / AT_A_TIME; round++) crowd(round);
    long memory_now = resident(), maps_now = mappings();
    CHECK(memory_now - memory < GROWTH_KIB, "after %d threads %ld KiB resident, after %d %ld", WARM,
          memory, THREADS, memory_now);
    CHECK(maps_now - maps < 100, "after %d threads %ld mappings, after %d %ld", WARM, maps, THREADS,
          maps_now);
    return PASSED;
}
