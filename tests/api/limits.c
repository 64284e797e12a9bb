/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Requests that cannot be met: NULL and ENOMEM, and the old block as it was. */
#include "test.h"

static const size_t too_large[] = {
    SIZE_MAX,         SIZE_MAX - 1,      SIZE_MAX - 4095,           SIZE_MAX - 65536,
    SIZE_MAX / 2 + 2, SIZE_MAX / 2 + 1,  (size_t)PTRDIFF_MAX + 1,   (size_t)PTRDIFF_MAX,
    PTRDIFF_MAX - 64, PTRDIFF_MAX - 8192, PTRDIFF_MAX - (1u << 20), (size_t)1 << 56,
};

/* Products that wrap, some to a small number. */
static const size_t products[][2] = {
    {SIZE_MAX, 2},
    {2, SIZE_MAX},
    {SIZE_MAX, SIZE_MAX},
    {(size_t)1 << 32, (size_t)1 << 32},
    {((size_t)1 << 32) + 1, (size_t)1 << 32},
    {SIZE_MAX / 16 + 2, 16},
    {SIZE_MAX / 2, 3},
    {(size_t)PTRDIFF_MAX / 8 + 1, 8},
};

#define REFUSES(call) \
    do { \
        errno = 0; \
        void *got = launder(call); \
        CHECK(got == NULL, "%s with %zu gave %p", #call, size, got); \
        CHECK(errno == ENOMEM, "%s with %zu: errno %d", #call, size, errno); \
    } while (0)

static void check_size(size_t size, unsigned char *block, unsigned char *large) {
    void *out = block;
    REFUSES(malloc(any(size)));
    REFUSES(calloc(any(1), any(size)));
    REFUSES(calloc(any(size), any(1)));
    REFUSES(realloc(NULL, any(size)));
    REFUSES(realloc(launder(block), any(size)));
    REFUSES(realloc(launder(large), any(size)));
    REFUSES(reallocarray(launder(block), any(1), any(size)));
    REFUSES(aligned_alloc(64, any(size)));
    REFUSES(memalign(any(8192), any(size)));
    REFUSES(memalign(any((size_t)1 << 20), any(size)));
    REFUSES(valloc(any(size)));
    REFUSES(pvalloc(any(size)));
    CHECK_EQUAL(posix_memalign(&out, 64, any(size)), ENOMEM);
    CHECK(out == block, "posix_memalign failed and changed the pointer");
}

int main(void) {
    start();
    unsigned char *block = need(malloc(1000)), *large = need(malloc(300000));
    fill(block, 1000, 1);
    fill(large, 300000, 2);
    for (size_t i = 0; i < sizeof too_large / sizeof too_large[0]; i++)
        check_size(too_large[i], block, large);
    for (size_t i = 0; i < sizeof products / sizeof products[0]; i++) {
        size_t count = products[i][0], size = products[i][1];
        REFUSES(calloc(any(count), any(size)));
        REFUSES(reallocarray(NULL, any(count), any(size)));
        REFUSES(reallocarray(launder(block), any(count), any(size)));
        REFUSES(reallocarray(launder(large), any(count), any(size)));
    }
    check_filled(block, 1000, 1);
    check_filled(large, 300000, 2);
    free(block);
    free(large);
    return PASSED;
}
