/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Large blocks that the program locks in memory: the kernel does not drop their pages, so what is
 * thought to be gone after a realloc is still there, and must not come out of calloc.
 */
#include "test.h"

#include <sys/mman.h>

enum { MIB = 1 << 20, BLOCKS = 3, LARGER = 12 * MIB, SMALLER = 9 * MIB };

/* Blocks that are written whole, so that the heap expects it of the next ones. */
static void fill_some(void) {
    for (int i = 0; i < 4; i++) {
        char *block = need(malloc(any(6 * MIB)));
        memset(block, 1, 6 * MIB);
        free(block);
    }
}

int main(void) {
    char *held[BLOCKS], *locked[BLOCKS];
    start_ours_only();
    fill_some();
    /* live memory, in proportion to which freed memory is kept */
    for (int i = 0; i < BLOCKS; i++) {
        held[i] = need(malloc(any(20 * MIB)));
        memset(held[i], 1, 20 * MIB);
    }
    for (int i = 0; i < BLOCKS; i++) {
        locked[i] = need(malloc(any(LARGER)));
        memset(locked[i], 0x5a, LARGER);
        if (mlock(locked[i], LARGER) != 0) return SKIPPED; /* RLIMIT_MEMLOCK */
    }
    for (int i = 0; i < BLOCKS; i++) locked[i] = need(realloc(locked[i], any(SMALLER)));
    for (int i = 0; i < BLOCKS; i++) free(locked[i]);
    for (int i = 0; i < BLOCKS; i++) {
        unsigned char *zero = need(calloc(1, any(LARGER)));
        for (size_t at = 0; at < LARGER; at++)
            CHECK(zero[at] == 0, "block %d: byte %zu is %#x", i, at, zero[at]);
    }
    for (int i = 0; i < BLOCKS; i++) free(held[i]);
    return PASSED;
}
