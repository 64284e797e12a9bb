/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Blocks of no bytes: never NULL, each different, and every function takes them. */
#include "test.h"

enum { COUNT = 2000 };

static int by_address(const void *left, const void *right) {
    uintptr_t a = *(const uintptr_t *)left, b = *(const uintptr_t *)right;
    return (a > b) - (a < b);
}

static void *make(int way) {
    void *ptr = NULL;
    switch (way % 6) {
    case 0: return malloc(any(0));
    case 1: return calloc(any(0), any(8));
    case 2: return calloc(any(8), any(0));
    case 3: return realloc(NULL, any(0));
    case 4: return aligned_alloc(64, any(0));
    default: CHECK_EQUAL(posix_memalign(&ptr, 32, any(0)), 0); return ptr;
    }
}

int main(void) {
    static uintptr_t blocks[COUNT];
    start();
    for (int i = 0; i < COUNT; i++) blocks[i] = (uintptr_t)need(make(i));
    qsort(blocks, COUNT, sizeof blocks[0], by_address);
    for (int i = 1; i < COUNT; i++)
        CHECK(blocks[i] != blocks[i - 1], "two blocks of no bytes at %p", (void *)blocks[i]);
    for (int i = 0; i < COUNT; i++) {
        void *block = launder((void *)blocks[i]);
        if (is_ours()) CHECK_EQUAL(malloc_usable_size(block), 0);
        if (i % 2) {
            free(block);
            continue;
        }
        /* from nothing to something */
        block = need(realloc(block, any((size_t)i + 1)));
        fill(block, (size_t)i + 1, 1);
        free(block);
    }
    return PASSED;
}
