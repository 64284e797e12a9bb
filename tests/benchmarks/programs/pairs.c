/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Pairs: a block is allocated, used, and freed before the next one is.
 *
 * Temporary objects and scratch buffers of a function are like this: the iterator of a loop in an
 * interpreter, the path that is put together for one call of open.  It is the shortest way through
 * an allocator, the loop that most microbenchmarks measure, and the best case of any cache of freed
 * blocks.  Each block is written whole, as a buffer is that something is read into: a loop that never
 * touches its memory measures a program that does not exist.  How far such loops are from real ones: Zorn & Grunwald 1994, "Evaluating models of
 * memory allocation".
 *
 * usage: pairs SIZE THOUSANDS [SCALE]     SIZE in bytes, or "mixed": log-uniform from 16 to 1023,
 *                                         one in 64 up to 32 KiB
 */
#include "bench.h"

/* A program decides on its sizes long before it asks; the time of choosing is not of interest. */
enum { SIZES = 4096 };

static void fixed(size_t size, size_t pairs) {
    for (size_t i = 0; i < pairs; i++) {
        void *block = bench_new(size);
        memset(block, (int)i, size);
        bench_touch(block, size);
        bench_drop(block, size);
    }
}

static void mixed(size_t pairs) {
    static size_t sizes[SIZES];
    uint64_t random = 1;
    for (size_t i = 0; i < SIZES; i++) sizes[i] = bench_mixed_size(&random);
    for (size_t i = 0; i < pairs; i++) {
        size_t size = sizes[i % SIZES];
        void *block = bench_new(size);
        memset(block, (int)i, size);
        bench_touch(block, size);
        bench_drop(block, size);
    }
}

int main(int argc, char **argv) {
    double scale = bench_scale(argc, argv, 2, "SIZE THOUSANDS");
    size_t pairs = bench_work(1e3 * (double)bench_number(argv[2], "THOUSANDS", 1, 1000000), scale);
    if (strcmp(argv[1], "mixed") == 0)
        mixed(pairs);
    else
        fixed(bench_number(argv[1], "SIZE", 1, 1 << 30), pairs);
    return 0;
}
