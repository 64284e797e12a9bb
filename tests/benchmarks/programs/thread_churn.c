/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Thread churn: thousands of threads that live for a few hundred allocations each.
 *
 * A thread per request, per file, per callback.  What an allocator sets up for a thread, and takes
 * down again, is paid for by few calls; what it forgets to take down adds up.  Some blocks of each
 * thread are handed to main, which frees them after the thread's end.  `mleak` of mimalloc-bench
 * looks for memory left behind in this way.
 *
 * usage: thread_churn [SCALE]     prints rss_early_kib, after a tenth of the threads, and
 *                                 rss_end_kib, after all of them
 */
#include "bench.h"

enum { THREADS = 40000, AT_A_TIME = 4, BLOCKS = 100, LEFT = 20 };

struct job {
    uint64_t random;
    struct bench_block left[LEFT]; /* for main */
};

static void *work(void *argument) {
    struct job *job = (struct job *)argument;
    struct bench_block own[BLOCKS] = {{NULL, 0}};
    for (size_t i = 0; i < 3 * BLOCKS; i++)
        bench_replace(&own[bench_below(&job->random, BLOCKS)], bench_small_size(&job->random));
    for (size_t i = 0; i < LEFT; i++)
        bench_replace(&job->left[i], bench_small_size(&job->random));
    for (size_t i = 0; i < BLOCKS; i++) bench_empty(&own[i]);
    return NULL;
}

int main(int argc, char **argv) {
    static struct job jobs[AT_A_TIME];
    size_t crowds = bench_work(THREADS / AT_A_TIME, bench_scale(argc, argv, 0, ""));
    for (size_t i = 0; i < AT_A_TIME; i++) jobs[i].random = 21 + i;
    for (size_t i = 0; i < crowds; i++) {
        if (i == crowds / 10) printf("rss_early_kib %ld\n", bench_status_kib("VmRSS:"));
        bench_run(AT_A_TIME, work, jobs, sizeof jobs[0]);
        for (size_t k = 0; k < AT_A_TIME; k++)
            for (size_t n = 0; n < LEFT; n++) bench_empty(&jobs[k].left[n]);
    }
    printf("rss_end_kib %ld\n", bench_status_kib("VmRSS:"));
    return 0;
}
