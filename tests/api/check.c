/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* secmalloc_check: goes through the heap, finds nothing wrong in a correct program, and counts. */
#include "test.h"

enum { BLOCKS = 1000 };

static struct secmalloc_counts check(void) {
    struct secmalloc_counts counts = {.struct_size = sizeof counts};
    CHECK_EQUAL(secmalloc_check(&counts), SECMALLOC_OK);
    CHECK_EQUAL(counts.faults, 0);
    CHECK_EQUAL(counts.struct_size, sizeof counts);
    return counts;
}

static void count_blocks(size_t size, int blocks) {
    static void *held[BLOCKS];
    struct secmalloc_counts before = check();
    for (int i = 0; i < blocks; i++) held[i] = need(malloc(any(size)));
    struct secmalloc_counts full = check();
    CHECK_EQUAL(full.live, before.live + (uint64_t)blocks);
    for (int i = 0; i < blocks; i++) free(held[i]);
    struct secmalloc_counts after = check();
    CHECK_EQUAL(after.live, before.live);
    CHECK(after.resting > 0, "%d blocks of %zu bytes freed, none rests", blocks, size);
}

int main(void) {
    start_ours_only();
    CHECK_EQUAL(secmalloc_check(NULL), SECMALLOC_OK);
    struct secmalloc_counts counts = {.struct_size = 0};
    CHECK_EQUAL(secmalloc_check(&counts), SECMALLOC_INVALID_ARGUMENT);
    count_blocks(24, BLOCKS);
    count_blocks(1000, BLOCKS);
    count_blocks(30000, BLOCKS);
    count_blocks(100000, 50);
    /* it keeps errno, as anything does that may be called between two statements */
    errno = 77;
    check();
    CHECK_EQUAL(errno, 77);
    return PASSED;
}
