/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* secmalloc_describe: what any address is to the heap. */
#include "test.h"

static struct secmalloc_block describe(const void *ptr) {
    struct secmalloc_block block = {.struct_size = sizeof block};
    CHECK_EQUAL(secmalloc_describe(ptr, &block), SECMALLOC_OK);
    CHECK_EQUAL(block.struct_size, sizeof block);
    return block;
}

static void small_blocks(void) {
    static const size_t sizes[] = {1, 8, 9, 24, 100, 120, 1000, 9000, 65528};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *ptr = need(malloc(any(sizes[i])));
        for (size_t offset = 0; offset < sizes[i]; offset += sizes[i] / 3 + 1) {
            struct secmalloc_block block = describe(ptr + offset);
            CHECK(block.address == ptr, "%p belongs to %p, not to %p", (void *)(ptr + offset),
                  (void *)ptr, block.address);
            CHECK_EQUAL(block.offset, offset);
            CHECK_EQUAL(block.requested_size, sizes[i]);
            CHECK_EQUAL(block.pool, SECMALLOC_POOL_SMALL);
            CHECK_EQUAL(block.state, SECMALLOC_STATE_LIVE);
            CHECK_EQUAL(block.kind, SECMALLOC_KIND_MALLOC);
            CHECK(block.slot_size >= sizes[i] + 8, "%zu bytes in a slot of %zu", sizes[i],
                  block.slot_size);
            CHECK(block.slot_size % 16 == 0, "a slot of %zu bytes", block.slot_size);
        }
        free(ptr);
        struct secmalloc_block block = describe(launder(ptr));
        CHECK_EQUAL(block.state, SECMALLOC_STATE_FREED);
        CHECK_EQUAL(block.pool, SECMALLOC_POOL_SMALL);
    }
}

/* An aligned block may lie in a slot that is far too large for it, or in a mapping. */
static void aligned_blocks(void) {
    for (size_t alignment = 16; alignment <= 65536; alignment *= 2)
        for (size_t size = 1; size < 1100; size += 53) {
            unsigned char *ptr = need(aligned_alloc(alignment, any(size)));
            struct secmalloc_block block = describe(ptr + size - 1);
            CHECK_EQUAL(block.offset, size - 1);
            CHECK_EQUAL(block.requested_size, size);
            CHECK_EQUAL(block.state, SECMALLOC_STATE_LIVE);
            free(ptr);
        }
}

static void large_blocks(void) {
    static const size_t sizes[] = {LARGE, 100000, 10 * 1000 * 1000};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        unsigned char *ptr = need(malloc(any(sizes[i])));
        size_t offset = sizes[i] / 2;
        struct secmalloc_block block = describe(ptr + offset);
        CHECK(block.address == ptr, "%p belongs to %p, not to %p", (void *)(ptr + offset),
              (void *)ptr, block.address);
        CHECK_EQUAL(block.offset, offset);
        CHECK_EQUAL(block.requested_size, sizes[i]);
        CHECK_EQUAL(block.pool, SECMALLOC_POOL_LARGE);
        CHECK_EQUAL(block.state, SECMALLOC_STATE_LIVE);
        CHECK_EQUAL(block.kind, SECMALLOC_KIND_MALLOC);
        free(ptr);
        CHECK_EQUAL(describe(launder(ptr)).state, SECMALLOC_STATE_FREED);
    }
}

static void resized_block(void) {
    unsigned char *ptr = need(malloc(any(100)));
    ptr = need(realloc(ptr, any(90)));
    CHECK_EQUAL(describe(ptr).requested_size, 90);
    ptr = need(realloc(ptr, any(100000)));
    CHECK_EQUAL(describe(ptr).requested_size, 100000);
    CHECK_EQUAL(describe(ptr).pool, SECMALLOC_POOL_LARGE);
    free(ptr);
}

static void no_bytes(void) {
    void *ptr = need(malloc(any(0)));
    struct secmalloc_block block = describe(ptr);
    CHECK_EQUAL(block.pool, SECMALLOC_POOL_ZERO);
    CHECK_EQUAL(block.state, SECMALLOC_STATE_LIVE);
    CHECK_EQUAL(block.requested_size, 0);
    free(ptr);
}

static void check_foreign(const void *ptr, const char *what) {
    struct secmalloc_block block = {.struct_size = sizeof block};
    int32_t result = secmalloc_describe(ptr, &block);
    CHECK(result == SECMALLOC_NOT_OURS, "%s: %d, not SECMALLOC_NOT_OURS", what, (int)result);
}

static void other_memory(void) {
    static int global;
    int local = 0;
    check_foreign(NULL, "NULL");
    check_foreign(&global, "a global");
    check_foreign(launder(&local), "a local");
    check_foreign("text", "a constant");
    check_foreign((const void *)(uintptr_t)&describe, "a function");
    check_foreign((const void *)UINTPTR_MAX, "the last address");
    check_foreign((const void *)(uintptr_t)4096, "a low address");
}

static void bad_arguments(void) {
    void *ptr = need(malloc(any(10)));
    struct secmalloc_block block = {.struct_size = 0};
    CHECK_EQUAL(secmalloc_describe(ptr, NULL), SECMALLOC_INVALID_ARGUMENT);
    CHECK_EQUAL(secmalloc_describe(ptr, &block), SECMALLOC_INVALID_ARGUMENT);
    free(ptr);
}

int main(void) {
    start_ours_only();
    small_blocks();
    aligned_blocks();
    large_blocks();
    resized_block();
    no_bytes();
    other_memory();
    bad_arguments();
    return PASSED;
}
