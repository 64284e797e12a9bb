/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * All to all: threads swap blocks through shared places, and free what they get.
 *
 * In each step a thread allocates a block, puts it into a random one of the shared places by an
 * atomic exchange, and frees the one that was there, whoever allocated it.  Shared caches and
 * lock-free tables do so.  With N threads, N - 1 of N frees are of another thread's blocks; nothing
 * but the allocator makes threads wait.  The random exchange of `mstress` and `rptest` of
 * mimalloc-bench, without anything beside it.
 *
 * usage: exchange THREADS [SCALE]
 */
#include "bench.h"

#include <stdatomic.h>

enum { PLACES = 4096, STEPS = 22000000 };

/* A block that says itself how long it is. */
struct parcel {
    size_t size;
    unsigned char last[]; /* the rest; its last byte is marked */
};

struct job {
    uint64_t random;
    size_t steps;
};

static _Atomic(struct parcel *) places[PLACES];

static unsigned char mark(const struct parcel *parcel) {
    return bench_mark(parcel, parcel->size);
}

static struct parcel *pack(size_t size) {
    struct parcel *parcel = (struct parcel *)bench_need(malloc(size), size);
    parcel->size = size;
    ((unsigned char *)parcel)[size - 1] = mark(parcel);
    return parcel;
}

static void open_and_drop(struct parcel *parcel) {
    if (!parcel) return;
    if (parcel->size < sizeof *parcel + 1 || parcel->size > 1024 ||
        ((unsigned char *)parcel)[parcel->size - 1] != mark(parcel))
        bench_fail("parcel %p: contents changed", (void *)parcel);
    free(parcel);
}

static void *work(void *argument) {
    struct job *job = (struct job *)argument;
    for (size_t i = 0; i < job->steps; i++) {
        struct parcel *parcel = pack(bench_small_size(&job->random));
        size_t place = bench_below(&job->random, PLACES);
        open_and_drop(atomic_exchange_explicit(&places[place], parcel, memory_order_acq_rel));
    }
    return NULL;
}

int main(int argc, char **argv) {
    static struct job jobs[BENCH_MOST_THREADS];
    double scale = bench_scale(argc, argv, 1, "THREADS");
    size_t threads = bench_number(argv[1], "THREADS", 1, BENCH_MOST_THREADS);
    for (size_t i = 0; i < threads; i++) {
        jobs[i].random = 5 + i;
        jobs[i].steps = bench_work((double)STEPS / (double)threads, scale);
    }
    bench_run(threads, work, jobs, sizeof jobs[0]);
    for (size_t i = 0; i < PLACES; i++) open_and_drop(atomic_load(&places[i]));
    return 0;
}
