/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* realloc: the content goes along, between all kinds of sizes; NULL and 0 mean what libc says. */
#include "test.h"

static const size_t sizes[] = {
    1,    8,    9,    24,    25,    100,   120,   121,    1000,        4096,
    4097, 9000, 5000, 30000, 65519, 65528, LARGE, 100000, 1024 * 1024, 5000 * 1000,
};
enum { SIZES = sizeof sizes / sizeof sizes[0] };

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static void every_pair(void) {
    for (int from = 0; from < SIZES; from++)
        for (int to = 0; to < SIZES; to++) {
            unsigned seed = (unsigned)(from * SIZES + to);
            unsigned char *block = need(malloc(sizes[from]));
            fill(block, sizes[from], seed);
            block = need(realloc(block, any(sizes[to])));
            CHECK(is_aligned(block, 16), "realloc to %zu: %p", sizes[to], (void *)block);
            if (is_ours()) CHECK_EQUAL(malloc_usable_size(block), sizes[to]);
            check_filled(block, smaller(sizes[from], sizes[to]), seed);
            /* up to its last byte, and back again */
            fill(block, sizes[to], seed + 1);
            block = need(realloc(block, any(sizes[from])));
            check_filled(block, smaller(sizes[from], sizes[to]), seed + 1);
            fill(block, sizes[from], seed);
            free(block);
        }
}

/* Many blocks at once that change their sizes at random: none may touch another. */
static void random_walk(void) {
    enum { BLOCKS = 400, STEPS = 60000 };
    static unsigned char *blocks[BLOCKS];
    static size_t held[BLOCKS];
    uint64_t state = 42;
    for (int step = 0; step < STEPS; step++) {
        size_t i = next_number(&state) % BLOCKS, size = some_size(&state) + 1;
        unsigned char *moved = need(realloc(blocks[i], size));
        check_filled(moved, smaller(held[i], size), (unsigned)i);
        fill(moved, size, (unsigned)i);
        blocks[i] = moved;
        held[i] = size;
    }
    for (int i = 0; i < BLOCKS; i++) {
        check_filled(blocks[i], held[i], (unsigned)i);
        free(blocks[i]);
    }
}

/* Little by little, where each step is too small to move: a block may come to leave most of its slot unused. */
static void dwindle(void) {
    enum { BLOCKS = 2000, FIRST = 1000, STEP = 90 };
    static unsigned char *blocks[BLOCKS];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = need(malloc(FIRST));
            fill(blocks[i], FIRST, (unsigned)i);
        }
        for (size_t size = FIRST - STEP; size > STEP; size -= STEP)
            for (int i = 0; i < BLOCKS; i++) {
                blocks[i] = need(realloc(blocks[i], size));
                check_filled(blocks[i], size, (unsigned)i);
                if (is_ours()) CHECK_EQUAL(malloc_usable_size(blocks[i]), size);
            }
        for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
    }
}

/* A byte at a time, as careless programs grow their buffers. */
static void creep(void) {
    unsigned char *block = NULL;
    for (size_t size = 1; size < 80000; size += size < 3000 ? 1 : 37) {
        block = need(realloc(block, size));
        block[size - 1] = pattern(size - 1, 3);
        if (size < 3000 || size % 1000 < 37) check_filled(block, size < 3000 ? size : 3000, 3);
        if (size >= 3000) fill(block, size, 3);
    }
    free(block);
}

static void aligned_blocks(void) {
    for (size_t alignment = 32; alignment <= 65536; alignment *= 2) {
        unsigned char *block = need(aligned_alloc(alignment, 3 * alignment));
        fill(block, 3 * alignment, 9);
        block = need(realloc(block, 5 * alignment));
        check_filled(block, 3 * alignment, 9);
        block = need(realloc(block, alignment));
        check_filled(block, alignment, 9);
        free(block);
    }
}

static void edges(void) {
    unsigned char *block = need(realloc(NULL, any(100)));
    fill(block, 100, 4);
    CHECK(realloc(block, any(0)) == NULL, "realloc(block, 0) gave a block");
    block = need(reallocarray(NULL, any(10), any(12)));
    fill(block, 120, 4);
    block = need(reallocarray(block, any(20), any(12)));
    check_filled(block, 120, 4);
    CHECK(reallocarray(block, any(0), any(12)) == NULL, "reallocarray(block, 0, 12) gave a block");
    /* a same-size realloc is not a free */
    block = need(malloc(any(77)));
    fill(block, 77, 5);
    for (int i = 0; i < 100; i++) block = need(realloc(block, any(77)));
    check_filled(block, 77, 5);
    free(block);
}

int main(void) {
    start();
    every_pair();
    random_walk();
    dwindle();
    creep();
    aligned_blocks();
    edges();
    return PASSED;
}
