/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Busy threads: many more of them than processors, all allocating blocks of mixed sizes.
 *
 * Application servers with a fixed pool of threads, on a small machine.  A thread can be stopped at
 * any instruction, with a lock held or a cache half filled: whoever waits by spinning waits for a
 * time slice.  Berger et al. 2000 and Lever & Boreham 2000 vary the number of threads in this way.
 * Each thread has a small working set of its own, nothing is shared.
 *
 * usage: busy_threads THREADS [SCALE]     prints rss_peak_kib
 */
#include "bench.h"

enum { BLOCKS = 200, STEPS = 60000000 };

struct job {
    uint64_t random;
    size_t steps;
    struct bench_block places[BLOCKS];
};

static void *work(void *argument) {
    struct job *job = (struct job *)argument;
    for (size_t i = 0; i < job->steps; i++) {
        size_t size = bench_mixed_size(&job->random);
        bench_replace(&job->places[bench_below(&job->random, BLOCKS)], size);
    }
    for (size_t i = 0; i < BLOCKS; i++) bench_empty(&job->places[i]);
    return NULL;
}

int main(int argc, char **argv) {
    static struct job jobs[BENCH_MOST_THREADS];
    double scale = bench_scale(argc, argv, 1, "THREADS");
    size_t threads = bench_number(argv[1], "THREADS", 1, BENCH_MOST_THREADS);
    for (size_t i = 0; i < threads; i++) {
        jobs[i].random = 22 + i;
        jobs[i].steps = bench_work((double)STEPS / (double)threads, scale);
    }
    bench_run(threads, work, jobs, sizeof jobs[0]);
    printf("rss_peak_kib %ld\n", bench_status_kib("VmHWM:"));
    return 0;
}
