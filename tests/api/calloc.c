/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* calloc: zero bytes, whatever lay there before. */
#include "test.h"

enum { BLOCKS = 300, ROUNDS = 6 };

static const size_t sizes[] = {1,   7,    8,    15,    16,    24,    56,        100,       500,
                               1016, 4000, 9000, 30000, 65528, LARGE, 200 * 1000, 2000 * 1000};

/* Fill many blocks, free them, and ask again: in all orders, so that slots are reused. */
static void dirty_then_calloc(size_t size) {
    static unsigned char *blocks[BLOCKS];
    int count = size < LARGE ? BLOCKS : 12;
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < count; i++) {
            blocks[i] = need(malloc(any(size)));
            memset(blocks[i], 0xa5, size);
        }
        for (int i = 0; i < count; i++) free(blocks[(i * 7) % count]);
        for (int i = 0; i < count; i++) {
            blocks[i] = i % 2 ? need(calloc(any(1), any(size))) : need(calloc(any(size), any(1)));
            check_zero(blocks[i], size, "calloc");
            memset(blocks[i], 0x5a, size);
        }
        for (int i = 0; i < count; i++) free(blocks[i]);
    }
}

/* Blocks that grew and shrank leave other traces than whole ones. */
static void after_realloc(void) {
    uint64_t state = 5;
    for (int i = 0; i < 20000; i++) {
        size_t first = next_number(&state) % 3000 + 1, second = next_number(&state) % 3000 + 1;
        unsigned char *block = need(malloc(first));
        memset(block, 0xff, first);
        block = need(realloc(block, second));
        memset(block, 0xff, second);
        free(block);
        size_t size = next_number(&state) % 3000 + 1;
        block = need(calloc(size, 1));
        check_zero(block, size, "calloc after realloc");
        free(block);
    }
}

/*
 * What an overflow left in a slot that was never used: past the word that a free looks at, and before the next slot's.
 * Whether the slot was met: all blocks stay live until it is.
 */
static bool after_overflow(size_t size) {
    enum { MOST = 20000 };
    static unsigned char *blocks[MOST];
    unsigned char *block = need(malloc(size));
    struct secmalloc_block own = {.struct_size = sizeof own}, next = {.struct_size = sizeof next};
    CHECK_EQUAL(secmalloc_describe(block, &own), SECMALLOC_OK);
    unsigned char *behind = launder(block + own.slot_size);
    /* Slabs begin with pages: what begins within one is of this slab, and not out of reach. */
    bool is_fresh = (uintptr_t)behind % 4096 != 0 && secmalloc_describe(behind, &next) == SECMALLOC_OK &&
                    next.state == SECMALLOC_STATE_NEVER_USED;
    if (is_fresh) memset(behind + size / 3, 0xa5, size / 3);
    bool met = false;
    int count = 0;
    while (is_fresh && !met && count < MOST) {
        blocks[count] = need(calloc(1, size));
        check_zero(blocks[count], size, "calloc after an overflow");
        met = blocks[count++] == behind;
    }
    if (is_fresh && !met) memset(behind + size / 3, 0, size / 3);
    for (int i = 0; i < count; i++) free(blocks[i]);
    free(block);
    return met;
}

int main(void) {
    start();
    if (is_ours()) {
        static const size_t untouched[] = {40, 130, 238, 700};
        int met = 0;
        for (size_t i = 0; i < sizeof untouched / sizeof *untouched; i++)
            for (int times = 0; times < 10; times++) met += after_overflow(untouched[i] + (size_t)times);
        CHECK(met > 0, "no slot that was never used was met again");
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) dirty_then_calloc(sizes[i]);
    after_realloc();
    int *table = need(calloc(any(1000), sizeof *table));
    CHECK(malloc_usable_size(table) >= 1000 * sizeof *table, "calloc: product too small");
    check_zero(table, 1000 * sizeof *table, "calloc");
    free(table);
    return PASSED;
}
