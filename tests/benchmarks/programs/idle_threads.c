/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Idle threads: a great many that once allocated a little and now sleep, while one works.
 *
 * Servers with a thread per connection, pools made for the worst hour.  Each thread allocates and
 * frees some blocks of 20 sizes, and whatever the allocator keeps for it stays in use as long as it
 * lives.  Threads are counted in papers that compare blowup (Berger et al. 2000); here they are
 * idle, and what they cost is measured: the memory that they hold, without their stacks.
 *
 * usage: idle_threads THREADS [SCALE]     THREADS at SCALE 1
 * prints threads, rss_before_kib (with their stacks), rss_idle_kib, bytes_per_thread (the
 * difference) and page_tables_per_thread (in bytes)
 */
#include "bench.h"

#include <stdatomic.h>

enum { SIZES = 20, EACH = 3, STEPS = 24000000, BLOCKS = 2000, STACK = 64 * 1024 };

/* All threads and main: when all may allocate, when all have done so, and when all may end. */
static pthread_barrier_t standing, idle, ending;
static atomic_size_t ready;

/* So that the stack is resident before the count begins, as deep as it will be used. */
__attribute__((noinline)) static void touch_stack(void) {
    volatile char bytes[STACK / 8];
    for (size_t i = 0; i < sizeof bytes; i += 1024) bytes[i] = 0;
}

static void *sleeper(void *unused) {
    (void)unused;
    touch_stack();
    atomic_fetch_add(&ready, 1);
    pthread_barrier_wait(&standing);
    for (size_t i = 1; i <= SIZES; i++) {
        struct bench_block blocks[EACH] = {{NULL, 0}};
        for (size_t k = 0; k < EACH; k++) bench_replace(&blocks[k], i * i * 8);
        for (size_t k = 0; k < EACH; k++) bench_empty(&blocks[k]);
    }
    pthread_barrier_wait(&idle);
    pthread_barrier_wait(&ending);
    return NULL;
}

static void work(size_t steps) {
    static struct bench_block places[BLOCKS];
    uint64_t random = 23;
    for (size_t i = 0; i < steps; i++) {
        size_t size = bench_small_size(&random);
        bench_replace(&places[bench_below(&random, BLOCKS)], size);
    }
    for (size_t i = 0; i < BLOCKS; i++) bench_empty(&places[i]);
}

static void start(pthread_t *threads, size_t count) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    for (size_t i = 0; i < count; i++) {
        int error = pthread_create(&threads[i], &attributes, sleeper, NULL);
        if (error) bench_fail("thread %zu of %zu: %s", i + 1, count, strerror(error));
    }
    pthread_attr_destroy(&attributes);
}

int main(int argc, char **argv) {
    double scale = bench_scale(argc, argv, 1, "THREADS");
    size_t count = bench_work((double)bench_number(argv[1], "THREADS", 1, 100000), scale);
    pthread_t *threads = (pthread_t *)bench_need(calloc(count, sizeof *threads), count * 8);
    pthread_barrier_init(&standing, NULL, (unsigned)count + 1);
    pthread_barrier_init(&idle, NULL, (unsigned)count + 1);
    pthread_barrier_init(&ending, NULL, (unsigned)count + 1);

    start(threads, count);
    while (atomic_load(&ready) < count) usleep(1000);
    long before = bench_status_kib("VmRSS:"), tables = bench_status_kib("VmPTE:");
    pthread_barrier_wait(&standing);
    pthread_barrier_wait(&idle);
    long after = bench_status_kib("VmRSS:"), tables_after = bench_status_kib("VmPTE:");
    printf("threads %zu\n", count);
    printf("rss_before_kib %ld\n", before);
    printf("rss_idle_kib %ld\n", after);
    printf("bytes_per_thread %ld\n", (after - before) * 1024 / (long)count);
    printf("page_tables_per_thread %ld\n", (tables_after - tables) * 1024 / (long)count);

    work(bench_work(STEPS, scale));
    pthread_barrier_wait(&ending);
    for (size_t i = 0; i < count; i++) bench_join(threads[i]);
    free(threads);
    return 0;
}
