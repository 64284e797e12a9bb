/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Rounds: threads that exchange some blocks, keep some, free the rest and end; then the next round
 * with new threads.
 *
 * Each thread fills up what it keeps, drops a part of it again, and swaps blocks with the others
 * through shared places; what is in those outlives the round.  Jobs of a build system or a batch
 * server that run side by side and end, while a shared cache lives on.  A stress on everything at
 * once: heaps of ended threads, blocks of foreign ones, all sizes.  `mstress` of mimalloc-bench
 * (Daan Leijen) is the model of the pattern.
 *
 * usage: rounds THREADS [SCALE]
 */
#include "bench.h"

#include <stdatomic.h>

enum { PLACES = 1000, KEPT = 4000, ROUNDS = 20, STEPS = 30000000 };

struct job {
    uint64_t random;
    size_t steps;
};

static _Atomic(size_t *) places[PLACES];

static size_t any_size(uint64_t *random) {
    size_t kind = bench_below(random, 4096);
    if (kind == 0) return bench_log_size(random, 16, 19);
    if (kind < 64) return bench_log_size(random, 10, 16);
    return bench_small_size(random);
}

/* A block that says itself how long it is, in its first word. */
static size_t *pack(size_t size) {
    size_t *block = (size_t *)bench_need(malloc(size), size);
    *block = size;
    ((unsigned char *)block)[size - 1] = bench_mark(block, size);
    return block;
}

static void drop(size_t *block) {
    if (!block) return;
    size_t size = *block;
    if (size < 16 || size > 1 << 19 ||
        ((unsigned char *)block)[size - 1] != bench_mark(block, size))
        bench_fail("block %p: contents changed", (void *)block);
    free(block);
}

static void *work(void *argument) {
    struct job *job = (struct job *)argument;
    size_t *kept[KEPT], count = 0;
    for (size_t i = 0; i < job->steps; i++) {
        size_t *block = pack(any_size(&job->random));
        size_t choice = bench_below(&job->random, 8);
        if (choice == 0) /* for the others */
            block = atomic_exchange_explicit(&places[bench_below(&job->random, PLACES)], block,
                                             memory_order_acq_rel);
        if (choice < 3 && count < KEPT && block) { /* for long */
            kept[count++] = block;
            continue;
        }
        drop(block);
        if (count == KEPT) /* all at once, as when a table is emptied */
            while (count > KEPT / 4) drop(kept[--count]);
    }
    while (count) drop(kept[--count]);
    return NULL;
}

int main(int argc, char **argv) {
    static struct job jobs[BENCH_MOST_THREADS];
    double scale = bench_scale(argc, argv, 1, "THREADS");
    size_t threads = bench_number(argv[1], "THREADS", 1, BENCH_MOST_THREADS);
    for (size_t i = 0; i < threads; i++) {
        jobs[i].random = 19 + i;
        jobs[i].steps = bench_work((double)STEPS / ROUNDS / (double)threads, scale);
    }
    for (int i = 0; i < ROUNDS; i++) bench_run(threads, work, jobs, sizeof jobs[0]);
    for (size_t i = 0; i < PLACES; i++) drop(atomic_load(&places[i]));
    return 0;
}
