/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A program with a malloc of its own that counts and calls the real one by __libc_malloc: all its blocks are
 * of one heap, ours. And reallocarray goes by the program's realloc. */
#include "test.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *ptr, size_t size);
void __libc_free(void *ptr);

static int made, changed, ended;

void *malloc(size_t size) {
    made++;
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    made++;
    return __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size) {
    changed++;
    return __libc_realloc(ptr, size);
}

void free(void *ptr) {
    if (ptr) ended++;
    __libc_free(ptr);
}

static void is_of_this_heap(void *block) {
    struct secmalloc_block what = {.struct_size = sizeof what};
    CHECK_EQUAL(secmalloc_describe(block, &what), SECMALLOC_OK);
    CHECK_EQUAL(what.state, SECMALLOC_STATE_LIVE);
}

int main(void) {
    start_ours_only();
    made = changed = ended = 0;
    void *blocks[] = {need(malloc(any(100))), need(calloc(any(1), any(100))), need(strdup("a string")), NULL, NULL};
    CHECK_EQUAL(made, 3);
    CHECK_EQUAL(posix_memalign(&blocks[3], 64, any(100)), 0);
    blocks[4] = need(reallocarray(need(malloc(any(10))), any(10), any(100)));
    CHECK(made == 4 && changed == 1, "made %d, changed %d", made, changed);
    CHECK(reallocarray(blocks[4], any(SIZE_MAX / 2), any(3)) == NULL && errno == ENOMEM, "errno %d", errno);
    for (int i = 0; i < 5; i++) {
        is_of_this_heap(blocks[i]);
        CHECK(malloc_usable_size(blocks[i]) > 0, "block %d has no size", i);
        free(blocks[i]);
    }
    CHECK_EQUAL(ended, 5);
    return PASSED;
}
