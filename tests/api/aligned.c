/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The functions that take an alignment: what they give, and what they refuse. */
#include "test.h"

enum { MAX_ALIGNMENT = 1024 * 1024, BLOCKS = 24 };

static const size_t sizes[] = {0, 1, 8, 24, 100, 1000, 4096, 5000, 65528, LARGE, 300000};

static void *make(int way, size_t alignment, size_t size) {
    void *ptr = NULL;
    switch (way) {
    case 0: return aligned_alloc(any(alignment), any(size));
    case 1: return memalign(any(alignment), any(size));
    default: CHECK_EQUAL(posix_memalign(&ptr, any(alignment), any(size)), 0); return ptr;
    }
}

static void check_block(void *block, size_t alignment, size_t size) {
    CHECK(is_aligned(block, alignment), "%p is not aligned to %zu", block, alignment);
    size_t usable = malloc_usable_size(block);
    CHECK(is_ours() ? usable == size : usable >= size, "%zu bytes to %zu: usable size %zu", size,
          alignment, usable);
    fill(block, size, (unsigned)alignment);
}

static void every_alignment(void) {
    static void *blocks[BLOCKS];
    for (size_t alignment = sizeof(void *); alignment <= MAX_ALIGNMENT; alignment *= 2)
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            for (int i = 0; i < BLOCKS; i++) {
                blocks[i] = need(make(i % 3, alignment, sizes[s]));
                check_block(blocks[i], alignment, sizes[s]);
            }
            for (int i = 0; i < BLOCKS; i++) {
                check_filled(blocks[i], sizes[s], (unsigned)alignment);
                free(blocks[i]);
            }
        }
}

/* Alignments below that of malloc, and ones that are no power of two. */
static void odd_alignments(void) {
    for (size_t alignment = 1; alignment < 16; alignment++) {
        void *block = need(memalign(any(alignment), any(40)));
        CHECK(is_aligned(block, 16), "memalign(%zu) = %p", alignment, block);
        fill(block, 40, 1);
        free(block);
    }
    /* glibc rounds up in memalign; we follow it */
    static const size_t odd[][2] = {{17, 32},   {24, 32},     {33, 64},
                                     {100, 128}, {3000, 4096}, {5000, 8192}};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        void *block = need(memalign(any(odd[i][0]), any(200)));
        CHECK(is_aligned(block, odd[i][1]), "memalign(%zu) = %p", odd[i][0], block);
        fill(block, 200, 1);
        free(block);
    }
    /* and in aligned_alloc, until 2.38 began to refuse */
    errno = 0;
    void *block = launder(aligned_alloc(any(24), any(200)));
    if (block) CHECK(is_aligned(block, 32), "aligned_alloc(24) = %p", block);
    else CHECK_EQUAL(errno, EINVAL);
    free(block);
}

static void refusals(void) {
    static const size_t bad[] = {0, 1, 2, 3, 4, 7, 9, 12, 24, 48, 4097, SIZE_MAX, SIZE_MAX / 2 + 2};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        void *block = &block;
        CHECK_EQUAL(posix_memalign(&block, any(bad[i]), any(100)), EINVAL);
        CHECK(block == &block, "posix_memalign refused and changed the pointer");
    }
    static const size_t huge[] = {SIZE_MAX, SIZE_MAX / 2 + 2};
    for (size_t i = 0; i < sizeof huge / sizeof huge[0]; i++) {
        errno = 0;
        CHECK(launder(memalign(any(huge[i]), any(100))) == NULL, "memalign(%zu)", huge[i]);
        CHECK_EQUAL(errno, EINVAL);
    }
    /* powers of two that no address space can serve */
    errno = 0;
    CHECK(launder(memalign(any(SIZE_MAX / 2 + 1), any(100))) == NULL, "memalign(2^63)");
    CHECK(errno == ENOMEM || errno == EINVAL, "memalign(2^63): errno %d", errno);
}

static void pages(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t size = 0; size < 3 * page; size += 99) {
        void *block = need(valloc(any(size)));
        check_block(block, page, size);
        void *whole = need(pvalloc(any(size)));
        size_t rounded = (size + page - 1) / page * page;
        CHECK(is_aligned(whole, page), "pvalloc(%zu) = %p", size, whole);
        CHECK(malloc_usable_size(whole) >= rounded, "pvalloc(%zu): usable size %zu", size,
              malloc_usable_size(whole));
        fill(whole, rounded, 2);
        free(whole);
        free(block);
    }
}

int main(void) {
    start();
    every_alignment();
    odd_alignments();
    refusals();
    pages();
    return PASSED;
}
