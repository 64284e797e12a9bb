/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Asymmetric: one thread allocates all, the others free all, and lag behind more and more.
 *
 * A thread that reads from the network allocates, workers drop what they have done; when they fall
 * behind, ever more memory is on its way, and the cache of freed blocks in each worker is of no use
 * to it.  Where the freed memory of the workers ends up shows in the peak.  The "blowup" of Berger
 * et al., "Hoard" (2000); the lag makes the difference to the program `pipeline`.
 *
 * usage: asymmetric WORKERS [SCALE]     prints rss_peak_kib
 */
#include "bench.h"

#include <stdbool.h>

enum { BATCH = 64, BATCHES = 90000, LAG = 4000 };

struct batch {
    struct batch *next;
    struct bench_block places[BATCH];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER;
static pthread_cond_t not_full = PTHREAD_COND_INITIALIZER;
static struct batch *first, **last = &first;
static size_t waiting; /* batches in the list */
static size_t keep;    /* how many of them the workers leave there */
static bool ended;

static void *worker(void *unused) {
    (void)unused;
    for (;;) {
        pthread_mutex_lock(&lock);
        while (waiting <= keep && !ended) pthread_cond_wait(&not_empty, &lock);
        struct batch *batch = first;
        if (batch) {
            first = batch->next;
            if (!first) last = &first;
            waiting--;
        }
        pthread_cond_signal(&not_full);
        pthread_mutex_unlock(&lock);
        if (!batch) return NULL;
        for (size_t i = 0; i < BATCH; i++) bench_empty(&batch->places[i]);
        free(batch);
    }
}

static void allocate(size_t batches) {
    uint64_t random = 18;
    for (size_t i = 0; i < batches; i++) {
        struct batch *batch = (struct batch *)bench_need(malloc(sizeof *batch), sizeof *batch);
        batch->next = NULL;
        for (size_t k = 0; k < BATCH; k++) {
            size_t size = bench_small_size(&random);
            batch->places[k] = (struct bench_block){bench_new(size), size};
        }
        pthread_mutex_lock(&lock);
        /* The lag grows from nothing to LAG; it is bounded, so that the peak is the same in every
         * run, however fast the workers are. */
        keep = (size_t)((double)LAG * (double)i / (double)batches);
        while (waiting > keep + 32) pthread_cond_wait(&not_full, &lock);
        *last = batch;
        last = &batch->next;
        waiting++;
        pthread_cond_signal(&not_empty);
        pthread_mutex_unlock(&lock);
    }
}

int main(int argc, char **argv) {
    static pthread_t threads[BENCH_MOST_THREADS];
    double scale = bench_scale(argc, argv, 1, "WORKERS");
    size_t workers = bench_number(argv[1], "WORKERS", 1, BENCH_MOST_THREADS);
    for (size_t i = 0; i < workers; i++) threads[i] = bench_start(worker, NULL);
    allocate(bench_work(BATCHES, scale));
    pthread_mutex_lock(&lock);
    ended = true;
    pthread_cond_broadcast(&not_empty);
    pthread_mutex_unlock(&lock);
    for (size_t i = 0; i < workers; i++) bench_join(threads[i]);
    printf("rss_peak_kib %ld\n", bench_status_kib("VmHWM:"));
    return 0;
}
