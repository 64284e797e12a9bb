/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Fragmentation: a long run in phases with different sizes and lifetimes; then the load falls to a
 * twentieth.
 *
 * In each phase blocks of another mix of sizes are allocated, and blocks of earlier phases freed at
 * random, so that the new ones must fit between the survivors.  In the end 19 of 20 blocks are
 * freed, again at random: how much memory does the process still hold?  Servers that were busy at
 * noon.  Wilson, Johnstone, Neely & Boles 1995, "Dynamic storage allocation: a survey", on phases
 * and why random sizes say nothing; Robson 1977 for how bad it can become.
 *
 * usage: fragmentation [SCALE]     prints rss_peak_kib, rss_full_kib, rss_after_kib, live_after_kib
 */
#include "bench.h"

enum { BLOCKS = 300000, PHASES = 16, STEPS = 180000, KIB = 1024 };

/* The mix of a phase: sizes from 2^low to 2^high, and how many of 1000 are up to 64 KiB. */
static const struct mix {
    unsigned low, high, large;
} mixes[] = {
    {4, 6, 0},  {5, 9, 1}, {7, 8, 0}, {4, 10, 4},
    {8, 11, 0}, {4, 7, 2}, {6, 7, 0}, {5, 8, 6},
};

static struct bench_block *places;
static size_t live; /* bytes */

static void empty(struct bench_block *place) {
    if (place->block) live -= place->size;
    bench_empty(place);
}

static void phase(const struct mix *mix, size_t count, size_t steps, uint64_t *random) {
    /* A phase works on a window of the table: what lies outside lives on. */
    size_t start = bench_below(random, count), length = count / 2 + 1;
    for (size_t i = 0; i < steps; i++) {
        struct bench_block *place = &places[(start + bench_below(random, length)) % count];
        empty(place);
        size_t size = bench_below(random, 1000) < mix->large
                          ? bench_log_size(random, 12, 16)
                          : bench_log_size(random, mix->low, mix->high);
        place->block = bench_new(size);
        place->size = size;
        live += size;
        /* All of it is used: what counts is resident memory. */
        if (size > 4 * KIB) memset((char *)place->block + 1, 1, size - 2);
    }
}

int main(int argc, char **argv) {
    double scale = bench_scale(argc, argv, 0, "");
    size_t count = bench_work(BLOCKS, scale), steps = bench_work(STEPS, scale);
    uint64_t random = 17;
    places = bench_places(count);
    for (size_t i = 0; i < PHASES; i++)
        phase(&mixes[i % (sizeof mixes / sizeof mixes[0])], count, steps, &random);
    long full = bench_status_kib("VmRSS:");

    for (size_t i = 0; i < count; i++)
        if (bench_below(&random, 20) != 0) empty(&places[i]);
    /* A little of the usual work afterwards: some allocators tidy up only when they are called. */
    for (size_t i = 0; i < count / 10; i++) {
        struct bench_block *place = &places[bench_below(&random, count)];
        if (!place->block) continue;
        bench_replace(place, place->size);
    }
    printf("rss_peak_kib %ld\n", bench_status_kib("VmHWM:"));
    printf("rss_full_kib %ld\n", full);
    printf("rss_after_kib %ld\n", bench_status_kib("VmRSS:"));
    printf("live_after_kib %zu\n", live / KIB);

    for (size_t i = 0; i < count; i++) empty(&places[i]);
    free(places);
    return 0;
}
