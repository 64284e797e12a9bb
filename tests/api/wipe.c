/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a block held is gone once it is freed, shrunk or moved, and is in no block that follows. */
#include "test.h"

static const size_t sizes[] = {1, 8, 15, 24, 25, 100, 121, 500, 1016, 3000, 9000, 30000, 65528};
enum { BLOCKS = 500, SECRET = 0xd7 };

/* Reads freed memory on purpose: small slots stay readable, and must read as zero. */
static void after_free(size_t size) {
    unsigned char *block = need(malloc(any(size)));
    memset(block, SECRET, size);
    uintptr_t place = (uintptr_t)block;
    free(block);
    check_zero(launder((void *)place), size, "freed block");
}

static void after_move(size_t size) {
    unsigned char *block = need(malloc(any(size)));
    memset(block, SECRET, size);
    uintptr_t place = (uintptr_t)block;
    block = need(realloc(block, any(size * 4 + 100)));
    CHECK((uintptr_t)block != place, "%zu bytes: grew fourfold in place?", size);
    check_zero(launder((void *)place), size, "block that was moved away");
    free(block);
}

/* A block may shrink where it is; the tail then is nobody's. */
static void after_shrink(size_t size) {
    if (size < 2) return;
    unsigned char *block = need(malloc(any(size)));
    memset(block, SECRET, size);
    size_t half = size / 2 + 1;
    unsigned char *same = need(realloc(block, any(half)));
    /* grown again, the new bytes have no content: above all not the old one */
    same = need(realloc(same, any(size)));
    for (size_t i = half; i < size; i++)
        CHECK(same[i] != SECRET, "%zu bytes shrunk to %zu and back: byte %zu is as it was", size,
              half, i);
    free(same);
}

static void in_new_blocks(size_t size) {
    static unsigned char *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = need(malloc(any(size)));
        memset(blocks[i], SECRET, size);
    }
    for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = need(malloc(any(size)));
        check_zero(blocks[i], size, "new block");
    }
    for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
}

int main(void) {
    start_ours_only();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        after_free(sizes[i]);
        after_move(sizes[i]);
        after_shrink(sizes[i]);
        in_new_blocks(sizes[i]);
    }
    return PASSED;
}
