/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where a block lies cannot be foretold: neither from the block before it nor from another run.
 * The bounds are loose: a sound heap breaks one of them less than once in a million runs.
 */
#include "rerun.h"

enum { BLOCKS = 4000, RUNS = 640, BINS = 16, SIZE = 56 };

/* Within a process: no steady direction, seldom neighbours. */
static void order_of_addresses(size_t size) {
    static uintptr_t at[BLOCKS];
    int up = 0, near = 0;
    for (int i = 0; i < BLOCKS; i++) at[i] = (uintptr_t)need(malloc(any(size)));
    for (int i = 1; i < BLOCKS; i++) {
        uintptr_t gap = at[i] > at[i - 1] ? at[i] - at[i - 1] : at[i - 1] - at[i];
        up += at[i] > at[i - 1];
        near += gap <= 2 * (size + 8);
    }
    for (int i = 0; i < BLOCKS; i++) free((void *)at[i]);
    CHECK(up > BLOCKS / 4 && up < BLOCKS * 3 / 4, "%zu-byte blocks: %d of %d go up", size, up, BLOCKS);
    CHECK(near < BLOCKS / 4, "%zu-byte blocks: %d of %d beside the one before", size, near, BLOCKS);
}

/* Two orders of allocation in one process differ as well. */
static void gaps_differ(void) {
    enum { PAIRS = 300 };
    static intptr_t gaps[PAIRS];
    int same = 0;
    for (int i = 0; i < PAIRS; i++) {
        char *first = need(malloc(any(SIZE))), *second = need(malloc(any(SIZE)));
        gaps[i] = second - first;
        for (int k = 0; k < i; k++) same += gaps[k] == gaps[i];
    }
    CHECK(same < PAIRS * PAIRS / 2 / 5, "%d of %d pairs of gaps are equal", same, PAIRS * PAIRS / 2);
}

/*
 * Across processes.  That addresses differ is the kernel's merit; that the place within a page
 * differs is ours.  Chi-square over 16 bins, 15 degrees of freedom: mean 15, deviation 5.5; beyond
 * 62 lies one run in ten million.
 */
static void place_in_page(void) {
    unsigned bins[BINS] = {0};
    double square = 0, expected = (double)RUNS / BINS;
    for (int i = 0; i < RUNS; i++) {
        char text[64];
        struct rerun how = {.argument = "first", .stream = 1};
        CHECK_EQUAL(rerun(&how, text, sizeof text), 0);
        bins[strtoull(text, NULL, 16) % 4096 / (4096 / BINS)]++;
    }
    for (int i = 0; i < BINS; i++) square += (bins[i] - expected) * (bins[i] - expected) / expected;
    CHECK(square < 62, "the first %d-byte block: chi-square %.1f over %d bins", SIZE, square, BINS);
}

int main(int argc, char **argv) {
    start_ours_only();
    if (argc > 1 && strcmp(argv[1], "first") == 0) {
        printf("%lx\n", (unsigned long)(uintptr_t)need(malloc(any(SIZE))));
        return PASSED;
    }
    order_of_addresses(24);
    order_of_addresses(56);
    order_of_addresses(248);
    order_of_addresses(2040);
    gaps_differ();
    place_in_page();
    return PASSED;
}
