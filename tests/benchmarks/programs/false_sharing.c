/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * False sharing: small objects of different threads in one cache line.
 *
 * "active": each thread allocates an object, writes it many times and frees it, over and over; an
 * allocator that cuts one line for two threads makes each write of one slow down the other.
 * "passive": the main thread allocates the objects, in one line, and gives one to each worker,
 * which frees it and goes on as above; an allocator that gives the freed piece to that worker again
 * keeps the line shared for ever.  Counters, locks and small buffers of threads suffer from it.
 * Berger, McKinley, Blumofe & Wilson, "Hoard" (2000); there cache-thrash and cache-scratch.
 *
 * usage: false_sharing KIND THREADS [SCALE]     KIND is "active" or "passive"
 */
#include "bench.h"

#include <stdbool.h>

enum { SIZE = 8, WRITES = 400, ROUNDS = 5000000 };

struct job {
    _Alignas(64) void *given; /* by the main thread; NULL when active */
    size_t rounds;
};

static pthread_barrier_t all_started;

/* As a counter would be used: read and written, each time in memory. */
static void use(volatile unsigned char *object) {
    for (size_t i = 0; i < SIZE; i++) object[i] = 0;
    for (size_t i = 0; i < WRITES; i++) object[i % SIZE]++;
    for (size_t i = 0; i < SIZE; i++)
        if (object[i] != WRITES / SIZE) bench_fail("object %p: contents changed", (void *)object);
}

static void *work(void *argument) {
    struct job *job = (struct job *)argument;
    pthread_barrier_wait(&all_started);
    if (job->given) {
        use((unsigned char *)job->given);
        free(job->given);
    }
    for (size_t i = 0; i < job->rounds; i++) {
        unsigned char *object = (unsigned char *)bench_need(malloc(SIZE), SIZE);
        use(object);
        free(object);
    }
    return NULL;
}

int main(int argc, char **argv) {
    static struct job jobs[BENCH_MOST_THREADS];
    double scale = bench_scale(argc, argv, 2, "KIND THREADS");
    bool passive = strcmp(argv[1], "passive") == 0;
    if (!passive && strcmp(argv[1], "active") != 0)
        bench_fail("KIND: \"%s\" is neither \"active\" nor \"passive\"", argv[1]);
    size_t threads = bench_number(argv[2], "THREADS", 1, BENCH_MOST_THREADS);

    for (size_t i = 0; i < threads; i++) {
        if (passive) jobs[i].given = bench_need(malloc(SIZE), SIZE);
        jobs[i].rounds = bench_work((double)ROUNDS / (double)threads, scale);
    }
    /* All at once: whoever ran alone would have the line to itself. */
    pthread_barrier_init(&all_started, NULL, (unsigned)threads);
    bench_run(threads, work, jobs, sizeof jobs[0]);
    pthread_barrier_destroy(&all_started);
    return 0;
}
