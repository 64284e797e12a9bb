/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Working set: a table of live blocks; in each step one of them, at random, is freed and another
 * of another size allocated in its place.
 *
 * A database, an object cache or a server at its usual load has this: as many blocks come as go,
 * and their lifetimes are random.  Sizes are skewed to small ones.  With some thousands of blocks
 * the set stays in the processor's second-level cache and the allocator's own work is seen; with a
 * million of them each step misses the caches, in the block as in what the allocator notes about
 * it.  Random replacement is how Larson & Krishnan 1998 model a server; alloc-test of
 * mimalloc-bench has it with one thread.
 *
 * usage: working_set BLOCKS THOUSANDS [SCALE]     THOUSANDS of steps
 */
#include "bench.h"

int main(int argc, char **argv) {
    double scale = bench_scale(argc, argv, 2, "BLOCKS THOUSANDS");
    size_t count = bench_number(argv[1], "BLOCKS", 1, 100000000);
    size_t steps = bench_work(1e3 * (double)bench_number(argv[2], "THOUSANDS", 1, 1000000), scale);
    struct bench_block *places = bench_places(count);
    uint64_t random = 2;

    /* The table fills in the course of the steps: filling it first would not scale. */
    for (size_t i = 0; i < steps; i++) {
        size_t size = bench_small_size(&random);
        bench_replace(&places[bench_below(&random, count)], size);
    }

    for (size_t i = 0; i < count; i++) bench_empty(&places[i]);
    free(places);
    return 0;
}
