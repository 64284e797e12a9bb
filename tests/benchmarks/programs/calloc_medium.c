/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Cleared blocks of medium size: calloc of 1 to 256 KiB, some dozens live.
 *
 * Hash tables that are made anew, bitmaps, the buffers of an interpreter: a part is written, the
 * rest stays zero.  Whether the allocator clears what it knows to be clear, and how it does, is
 * nearly all of the time.
 *
 * usage: calloc_medium [SCALE]
 */
#include "bench.h"

enum { BLOCKS = 48, STEPS = 400000 };

/* Like an open hash table: entries at random places, found and removed again. */
static void use(unsigned char *bytes, size_t size, uint64_t *random) {
    size_t entries[16];
    for (size_t i = 0; i < 16; i++) {
        entries[i] = bench_below(random, size);
        if (bytes[entries[i]] > i) bench_fail("block %p was not cleared", (void *)bytes);
        bytes[entries[i]]++;
    }
    for (size_t i = 0; i < 16; i++) bytes[entries[i]]--;
}

int main(int argc, char **argv) {
    struct bench_block places[BLOCKS] = {{NULL, 0}};
    size_t steps = bench_work(STEPS, bench_scale(argc, argv, 0, ""));
    uint64_t random = 13;
    for (size_t i = 0; i < steps; i++) {
        struct bench_block *place = &places[bench_below(&random, BLOCKS)];
        bench_empty(place);
        place->size = bench_log_size(&random, 10, 18);
        place->block = bench_need(calloc(place->size / 8, 8), place->size);
        place->size = place->size / 8 * 8;
        use((unsigned char *)place->block, place->size, &random);
        bench_touch(place->block, place->size);
    }
    for (size_t i = 0; i < BLOCKS; i++) bench_empty(&places[i]);
    return 0;
}
