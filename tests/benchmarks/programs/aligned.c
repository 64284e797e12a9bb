/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Aligned blocks: aligned to a cache line, a few to a page or more, in a working set of random
 * lifetimes.
 *
 * Programs with vector instructions, with objects kept apart for their threads' sake, and with
 * direct input and output ask for these: numerical libraries, video codecs, databases.  An
 * allocator that has no place for them cuts each out of a larger block.
 *
 * usage: aligned [SCALE]
 */
#include "bench.h"

enum { BLOCKS = 3000, STEPS = 5500000 };

static void *make(size_t alignment, size_t size) {
    unsigned char *block = (unsigned char *)bench_need(aligned_alloc(alignment, size), size);
    if ((uintptr_t)block % alignment)
        bench_fail("block %p is not aligned to %zu bytes", (void *)block, alignment);
    bench_touch(block, size);
    return block;
}

int main(int argc, char **argv) {
    static struct bench_block places[BLOCKS];
    size_t steps = bench_work(STEPS, bench_scale(argc, argv, 0, ""));
    uint64_t random = 12;
    for (size_t i = 0; i < steps; i++) {
        struct bench_block *place = &places[bench_below(&random, BLOCKS)];
        size_t alignment = 64, size;
        if (bench_below(&random, 256) == 0) {
            alignment = bench_below(&random, 2) ? 4096 : 512;
            size = alignment * (1 + bench_below(&random, 8));
        } else {
            size = 64 * (1 + bench_below(&random, 16));
        }
        bench_empty(place);
        place->block = make(alignment, size);
        place->size = size;
    }
    for (size_t i = 0; i < BLOCKS; i++) bench_empty(&places[i]);
    return 0;
}
