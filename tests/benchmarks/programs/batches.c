/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Batches: many blocks of mixed sizes are allocated, then freed in another order; with several
 * threads, a part of each batch is freed by the next thread.
 *
 * A parser builds the objects of one document and drops them when the next one comes, not in the
 * order in which they came.  Longer than any cache of freed blocks, a batch shows what it costs to
 * fill and empty that cache.  The pattern of MicroQuill's sh6bench (one thread) and sh8bench
 * (threads that free each other's), both in mimalloc-bench.
 *
 * usage: batches THREADS BATCHES [SCALE]     BATCHES of all threads together
 */
#include "bench.h"

#include <stdatomic.h>

enum { BATCH = 6000 };

/* Blocks on their way to another thread are linked through their first words. */
struct link {
    struct link *next;
    size_t size;
};

struct job {
    _Alignas(64) _Atomic(struct link *) mail; /* from the thread before this one */
    struct job *neighbour;
    uint64_t random;
    size_t batches;
    struct bench_block places[BATCH];
};

static void drop_mail(struct job *job) {
    struct link *link = atomic_exchange_explicit(&job->mail, NULL, memory_order_acquire);
    while (link) {
        struct link *next = link->next;
        size_t size = link->size;
        /* In the smallest blocks the link has overwritten the mark at the end. */
        if (size > sizeof *link && ((unsigned char *)link)[size - 1] != bench_mark(link, size))
            bench_fail("block %p of %zu bytes: contents changed", (void *)link, size);
        free(link);
        link = next;
    }
}

static void send(struct job *to, struct bench_block *place) {
    bench_verify(place->block, place->size);
    struct link *link = (struct link *)place->block;
    link->size = place->size;
    place->block = NULL;
    link->next = atomic_load_explicit(&to->mail, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&to->mail, &link->next, link,
                                                  memory_order_release, memory_order_relaxed))
        continue;
}

static void one_batch(struct job *job) {
    for (size_t i = 0; i < BATCH; i++) {
        size_t size = bench_small_size(&job->random);
        job->places[i] = (struct bench_block){bench_new(size), size};
    }
    drop_mail(job);
    if (job->neighbour != job)
        for (size_t i = 3; i < BATCH; i += 4) send(job->neighbour, &job->places[i]);
    /* Backwards in steps of 7, which has no factor in common with BATCH: neighbours in memory are
     * not freed one after the other. */
    for (size_t i = 0, place = 0; i < BATCH; i++) {
        bench_empty(&job->places[place]);
        place = (place + BATCH - 7) % BATCH;
    }
}

static void *work(void *argument) {
    struct job *job = (struct job *)argument;
    for (size_t i = 0; i < job->batches; i++) one_batch(job);
    return NULL;
}

int main(int argc, char **argv) {
    double scale = bench_scale(argc, argv, 2, "THREADS BATCHES");
    size_t threads = bench_number(argv[1], "THREADS", 1, BENCH_MOST_THREADS);
    double batches = (double)bench_number(argv[2], "BATCHES", 1, 1000000);
    size_t size = threads * sizeof(struct job);
    struct job *jobs = (struct job *)bench_need(aligned_alloc(64, size), size);
    memset(jobs, 0, size);
    for (size_t i = 0; i < threads; i++) {
        jobs[i].neighbour = &jobs[(i + 1) % threads];
        jobs[i].random = 6 + i;
        jobs[i].batches = bench_work(batches / (double)threads, scale);
    }
    if (threads == 1)
        work(jobs);
    else
        bench_run(threads, work, jobs, sizeof jobs[0]);
    for (size_t i = 0; i < threads; i++) drop_mail(&jobs[i]);
    free(jobs);
    return 0;
}
