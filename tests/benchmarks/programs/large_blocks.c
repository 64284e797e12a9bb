/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Large blocks: 1 to 25 MiB each, some 20 of them live, one at random replaced by another.
 *
 * Frames of video, images, matrices, the buffers of a compressor.  Every malloc has them mapped or
 * keeps some of them; each time that the pages come fresh from the kernel, it has to clear them and
 * the program takes a fault for each.  `malloc-large` of mimalloc-bench has the pattern.
 *
 * usage: large_blocks USE [SCALE]     USE is "full": every byte is written once, or "pages": one
 *                                     byte of each page is
 */
#include "bench.h"

#include <stdbool.h>

enum { BLOCKS = 20, MIB = 1 << 20, PAGE = 4096, STEPS_FULL = 480, STEPS_PAGES = 1500 };

static void *make(size_t size, bool full) {
    unsigned char *bytes = (unsigned char *)bench_need(malloc(size), size);
    if (full)
        memset(bytes, 0x5a, size);
    else
        for (size_t i = 0; i < size; i += PAGE) bytes[i] = 0x5a;
    bench_touch(bytes, size);
    return bytes;
}

int main(int argc, char **argv) {
    struct bench_block places[BLOCKS] = {{NULL, 0}};
    double scale = bench_scale(argc, argv, 1, "USE");
    bool full = strcmp(argv[1], "full") == 0;
    if (!full && strcmp(argv[1], "pages") != 0)
        bench_fail("USE: \"%s\" is neither \"full\" nor \"pages\"", argv[1]);
    size_t steps = bench_work(full ? STEPS_FULL : STEPS_PAGES, scale);
    uint64_t random = 7;

    for (size_t i = 0; i < steps; i++) {
        struct bench_block *place = &places[bench_below(&random, BLOCKS)];
        bench_empty(place);
        /* To the byte, not to the MiB: few programs have round sizes. */
        place->size = MIB + bench_below(&random, 24 * MIB);
        place->block = make(place->size, full);
    }

    for (size_t i = 0; i < BLOCKS; i++) bench_empty(&places[i]);
    return 0;
}
