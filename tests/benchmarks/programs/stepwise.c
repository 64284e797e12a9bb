/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Stepwise: blocks of one size, in batches of growing length: allocated, then freed in the order in
 * which they came, then again in the reverse order.
 *
 * Short batches stay in a cache of freed blocks, long ones do not: between them lies the step that
 * the cache's length makes.  Lists, queues and stacks of nodes are used so.  The pattern of glibc's
 * own benchmarks of malloc, bench-malloc-simple and bench-malloc-thread; mimalloc-bench has them as
 * glibc-simple and glibc-thread.
 *
 * usage: stepwise SIZE THREADS THOUSANDS [SCALE]     THOUSANDS of blocks for each length of batch,
 *                                                    of all threads together
 */
#include "bench.h"

static const size_t lengths[] = {1, 4, 16, 25, 100, 400, 1600, 6400};
enum { LENGTHS = sizeof lengths / sizeof lengths[0], LONGEST = 6400 };

struct job {
    size_t size, blocks;
    void *places[LONGEST];
};

static void forwards(struct job *job, size_t length) {
    for (size_t i = 0; i < length; i++) job->places[i] = bench_new(job->size);
    for (size_t i = 0; i < length; i++) bench_drop(job->places[i], job->size);
}

static void backwards(struct job *job, size_t length) {
    for (size_t i = 0; i < length; i++) job->places[i] = bench_new(job->size);
    for (size_t i = length; i-- > 0;) bench_drop(job->places[i], job->size);
}

static void *work(void *argument) {
    struct job *job = (struct job *)argument;
    for (size_t i = 0; i < LENGTHS; i++)
        for (size_t done = 0; done < job->blocks; done += 2 * lengths[i]) {
            forwards(job, lengths[i]);
            backwards(job, lengths[i]);
        }
    return NULL;
}

int main(int argc, char **argv) {
    static struct job jobs[BENCH_MOST_THREADS];
    double scale = bench_scale(argc, argv, 3, "SIZE THREADS THOUSANDS");
    size_t size = bench_number(argv[1], "SIZE", 1, 1 << 24);
    size_t threads = bench_number(argv[2], "THREADS", 1, BENCH_MOST_THREADS);
    double blocks = 1e3 * (double)bench_number(argv[3], "THOUSANDS", 1, 1000000);
    for (size_t i = 0; i < threads; i++) {
        jobs[i].size = size;
        jobs[i].blocks = bench_work(blocks / (double)threads, scale);
    }
    /* glibc's malloc leaves out its locks while a program has one thread. */
    if (threads == 1)
        work(jobs);
    else
        bench_run(threads, work, jobs, sizeof jobs[0]);
    return 0;
}
