/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Server: short-lived worker threads that inherit blocks from those before them.
 *
 * Each worker has a table of blocks and replaces them at random; after 20,000 requests it
 * starts its heir, hands the table over and ends.  So most blocks are freed by another thread than
 * the one that allocated them, which has ended by then: a heap per thread must take blocks back for
 * the dead, and pass on what the dead had in hand.  Servers with a thread per connection work like
 * this.  Described by Larson & Krishnan, "Memory allocation for long-running server applications"
 * (1998); `larson` in the suites of Hoard and mimalloc-bench.
 *
 * usage: server THREADS [SCALE]     THREADS live at a time
 */
#include "bench.h"

#include <semaphore.h>

/* STEPS are those of one worker, WORKERS all that there ever are. */
enum { BLOCKS = 1000, STEPS = 20000, WORKERS = 3400 };

struct lineage {
    struct bench_block places[BLOCKS];
    uint64_t random;
    size_t left; /* workers to come */
    sem_t *ended;
};

static void *worker(void *argument) {
    struct lineage *lineage = (struct lineage *)argument;
    for (size_t i = 0; i < STEPS; i++) {
        size_t size = bench_small_size(&lineage->random);
        bench_replace(&lineage->places[bench_below(&lineage->random, BLOCKS)], size);
    }
    /* Nobody waits for a worker: with the next line it may end later than its heir. */
    if (lineage->left-- > 0)
        pthread_detach(bench_start(worker, lineage));
    else
        sem_post(lineage->ended);
    return NULL;
}

int main(int argc, char **argv) {
    double scale = bench_scale(argc, argv, 1, "THREADS");
    size_t threads = bench_number(argv[1], "THREADS", 1, BENCH_MOST_THREADS);
    struct lineage *lineages =
        (struct lineage *)bench_need(calloc(threads, sizeof *lineages), threads * sizeof *lineages);
    sem_t ended;
    sem_init(&ended, 0, 0);

    for (size_t i = 0; i < threads; i++) {
        struct lineage *lineage = &lineages[i];
        lineage->random = 3 + i;
        lineage->left = bench_work((double)WORKERS / (double)threads, scale) - 1;
        lineage->ended = &ended;
        for (size_t k = 0; k < BLOCKS; k++)
            bench_replace(&lineage->places[k], bench_small_size(&lineage->random));
        pthread_detach(bench_start(worker, lineage));
    }
    for (size_t i = 0; i < threads; i++)
        while (sem_wait(&ended) != 0) continue;

    for (size_t i = 0; i < threads; i++)
        for (size_t k = 0; k < BLOCKS; k++) bench_empty(&lineages[i].places[k]);
    free(lineages);
    sem_destroy(&ended);
    return 0;
}
