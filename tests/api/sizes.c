/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every size from 0 to 100,000: a block aligned to 16 bytes, of the size that was asked for, apart
 * from all other live blocks, and writable to its last byte.
 */
#include "test.h"

/* So many blocks live at a time. */
enum { HELD = 500, SIZES = 100001, EVERY_BYTE = 3000 };

struct held {
    unsigned char *block;
    size_t size;
};

/* Of longer blocks only some bytes: all of them would be five gigabytes. */
static void mark(struct held held, unsigned seed) {
    if (held.size <= EVERY_BYTE || held.size % 499 == 0) {
        fill(held.block, held.size, seed);
        return;
    }
    for (size_t i = 0; i < held.size; i += 4096) held.block[i] = pattern(i, seed);
    held.block[held.size - 1] = pattern(held.size - 1, seed);
}

static void check_mark(struct held held, unsigned seed) {
    if (held.size <= EVERY_BYTE || held.size % 499 == 0) {
        check_filled(held.block, held.size, seed);
        return;
    }
    for (size_t i = 0; i < held.size; i += 4096)
        CHECK(held.block[i] == pattern(i, seed), "%zu-byte block: byte %zu changed", held.size, i);
    CHECK(held.block[held.size - 1] == pattern(held.size - 1, seed),
          "%zu-byte block: its last byte changed", held.size);
}

static void check_size(const void *block, size_t size) {
    size_t usable = malloc_usable_size(launder((void *)block));
    if (is_ours()) CHECK(usable == size, "malloc(%zu): usable size %zu", size, usable);
    CHECK(usable >= size, "malloc(%zu): usable size %zu", size, usable);
}

int main(void) {
    static struct held held[HELD];
    start();
    for (size_t size = 0; size < SIZES; size++) {
        struct held *place = &held[size % HELD];
        if (place->block) {
            check_mark(*place, (unsigned)place->size);
            free(place->block);
        }
        place->block = need(malloc(any(size)));
        place->size = size;
        CHECK(is_aligned(place->block, 16), "malloc(%zu) = %p", size, (void *)place->block);
        check_size(place->block, size);
        if (size) mark(*place, (unsigned)size);
        else place->block = NULL; /* left: it has no byte to mark */
    }
    for (size_t i = 0; i < HELD; i++) {
        if (!held[i].block) continue;
        check_mark(held[i], (unsigned)held[i].size);
        free(held[i].block);
    }
    CHECK_EQUAL(malloc_usable_size(NULL), 0);
    return PASSED;
}
