/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A freed block rests: it is not what malloc returns next, nor soon after.  This is of blocks in
 * slots; the mapping of a freed large block may be used again at once, for one of its size.
 */
#include "test.h"

enum { ROUNDS = 5000, SOON = 32 };

static const size_t sizes[] = {1, 24, 40, 100, 500, 1000, 5000, 20000, 65528};

/* Free and allocate in turn, alone: the hardest case for a heap that likes warm memory. */
static void not_at_once(size_t size) {
    void *block = need(malloc(any(size)));
    for (int i = 0; i < ROUNDS; i++) {
        uintptr_t freed = (uintptr_t)block;
        free(block);
        block = need(malloc(any(size)));
        CHECK((uintptr_t)block != freed, "%zu bytes: round %d: the freed block came back", size, i);
    }
    free(block);
}

/* Blocks of some hundred bytes and less stay away for many calls. */
static void not_soon(size_t size) {
    static uintptr_t last[SOON];
    memset(last, 0, sizeof last);
    for (int i = 0; i < 10 * ROUNDS; i++) {
        void *block = need(malloc(any(size)));
        for (int k = 0; k < SOON; k++)
            CHECK(last[k] != (uintptr_t)block, "%zu bytes: back after fewer than %d frees",
                  size, SOON);
        last[i % SOON] = (uintptr_t)block;
        free(block);
    }
}

/* realloc frees too, and a thread's own exit does not empty the quarantine into its next malloc. */
static void after_realloc(void) {
    for (int i = 0; i < ROUNDS; i++) {
        void *block = need(malloc(any(40)));
        uintptr_t old = (uintptr_t)block;
        block = need(realloc(block, any(4000)));
        void *next = need(malloc(any(40)));
        CHECK((uintptr_t)next != old, "round %d: the block that realloc left came back", i);
        free(next);
        free(block);
    }
}

int main(void) {
    start_ours_only();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) not_at_once(sizes[i]);
    not_soon(1);
    not_soon(24);
    not_soon(100);
    after_realloc();
    return PASSED;
}
