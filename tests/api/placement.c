/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where a block lies cannot be foretold: neither from the block before it nor from another run.
 * The bounds are loose: a sound heap breaks one of them less than once in a million runs.
 */
#include "rerun.h"

enum { BLOCKS = 4000, RUNS = 640, BINS = 16, SIZE = 56 };

static size_t slot_of(const void *ptr) {
    struct secmalloc_block block = {.struct_size = sizeof block};
    CHECK_EQUAL(secmalloc_describe(ptr, &block), SECMALLOC_OK);
    return block.slot_size;
}

/* Within a process: no steady direction, and seldom is a block right behind the one before. */
static void order_of_addresses(size_t size) {
    static uintptr_t at[BLOCKS];
    int blocks = size < 4096 ? BLOCKS : BLOCKS / 4, up = 0, next = 0;
    for (int i = 0; i < blocks; i++) at[i] = (uintptr_t)need(malloc(any(size)));
    size_t slot = slot_of((void *)at[0]);
    for (int i = 1; i < blocks; i++) {
        up += at[i] > at[i - 1];
        next += at[i] - at[i - 1] == slot;
    }
    for (int i = 0; i < blocks; i++) free((void *)at[i]);
    CHECK(up > blocks / 4 && up < blocks * 3 / 4, "%zu-byte blocks: %d of %d go up", size, up,
          blocks);
    CHECK(next < blocks / 4, "%zu-byte blocks: %d of %d right behind the one before", size, next,
          blocks);
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
    CHECK(same < PAIRS * PAIRS / 2 / 5, "%d of %d pairs of gaps are equal", same,
          PAIRS * PAIRS / 2);
}

/*
 * Across processes.  That addresses differ is the kernel's merit; that the places within a slab
 * do is ours.  The span is as long as a slab of these sizes.  Chi-square over 16 bins,
 * 15 degrees of freedom: mean 15, deviation 5.5; beyond 62 lies one run in ten million.
 */
static const struct {
    size_t size;
    unsigned long span;
} first[] = {{SIZE, 16384}, {500, 65536}, {2040, 65536}};

enum { FIRST = sizeof first / sizeof first[0] };

static void place_in_slab(void) {
    static unsigned bins[FIRST][BINS];
    double expected = (double)RUNS / BINS;
    for (int run = 0; run < RUNS; run++) {
        char text[256], *rest = text;
        struct rerun how = {.argument = "first", .stream = 1};
        CHECK_EQUAL(rerun(&how, text, sizeof text), 0);
        for (int i = 0; i < FIRST; i++) {
            unsigned long address = strtoul(rest, &rest, 16);
            bins[i][address % first[i].span / (first[i].span / BINS)]++;
        }
    }
    for (int i = 0; i < FIRST; i++) {
        double square = 0;
        for (int k = 0; k < BINS; k++) {
            double off = bins[i][k] - expected;
            square += off * off / expected;
        }
        CHECK(square < 62, "the first block of %zu bytes: chi-square %.1f over %d bins",
              first[i].size, square, BINS);
    }
}

/* Option `window`: of one slot there is no choice, and blocks follow each other. */
static void window(void) {
    struct rerun how = {.argument = "order", .stream = 1};
    char text[64];
    CHECK_EQUAL(rerun(&how, text, sizeof text), 0);
    CHECK(atoi(text) < BLOCKS / 4, "%s of %d right behind the one before", text, BLOCKS);
    how.options = "window=1";
    CHECK_EQUAL(rerun(&how, text, sizeof text), 0);
    CHECK(atoi(text) > BLOCKS * 3 / 4, "window=1: %s of %d right behind the one before", text,
          BLOCKS);
}

static int right_behind(size_t size) {
    int next = 0;
    char *last = need(malloc(any(size)));
    size_t slot = slot_of(last);
    for (int i = 1; i < BLOCKS; i++) {
        char *block = need(malloc(any(size)));
        next += (size_t)(block - last) == slot;
        last = block;
    }
    return next;
}

int main(int argc, char **argv) {
    start_ours_only();
    if (argc > 1 && strcmp(argv[1], "order") == 0) {
        printf("%d\n", right_behind(SIZE));
        return PASSED;
    }
    if (argc > 1 && strcmp(argv[1], "first") == 0) {
        for (int i = 0; i < FIRST; i++) printf("%p\n", need(malloc(any(first[i].size))));
        return PASSED;
    }
    static const size_t sizes[] = {24, SIZE, 248, 300, 1000, 2040, 5000, 9000, 20000, 50000, 65528};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) order_of_addresses(sizes[i]);
    gaps_differ();
    place_in_slab();
    window();
    return PASSED;
}
