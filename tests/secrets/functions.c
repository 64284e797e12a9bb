/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The functions for sensitive blocks: what malloc's family does, in another region. */
#include "secrets.h"

static bool is_sensitive(const void *ptr) {
    struct secmalloc_sensitive status = {.struct_size = sizeof status};
    return secmalloc_sensitive_status(ptr, &status) == SECMALLOC_OK;
}

static void check_sizes(void) {
    static const size_t sizes[] = {1, 7, 8, 24, 25, 100, 248, 249, 1016, 1017, 5000, 30000, 65528, 65529, 300000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t size = sizes[i];
        for (int sensitive = 0; sensitive < 2; sensitive++) {
            char *block = need(smalloc(size, sensitive));
            CHECK(is_aligned(block, 16), "%zu bytes at %p", size, (void *)block);
            CHECK_EQUAL(malloc_usable_size(block), size);
            CHECK_EQUAL(is_sensitive(block), sensitive);
            CHECK_EQUAL(is_sensitive(block + size - 1), sensitive);
            fill(block, size, 1);
            /* grown and shrunk, it stays in its region */
            block = need(srealloc(block, size + size / 2 + 1));
            check_filled(block, size, 1);
            CHECK_EQUAL(is_sensitive(block), sensitive);
            block = need(realloc(block, size));
            check_filled(block, size, 1);
            CHECK_EQUAL(is_sensitive(block), sensitive);
            block = need(reallocarray(block, 3, size));
            check_filled(block, size, 1);
            CHECK_EQUAL(is_sensitive(block), sensitive);
            block = need(srealloc(block, (size + 1) / 2));
            check_filled(block, (size + 1) / 2, 1);
            CHECK_EQUAL(is_sensitive(block), sensitive);
            if (sensitive) sfree(block);
            else free(block);
            block = need(scalloc(3, size, sensitive));
            check_zero(block, 3 * size, "scalloc");
            CHECK_EQUAL(is_sensitive(block), sensitive);
            /* either ends either */
            if (sensitive) free(block);
            else sfree(block);
        }
    }
}

static void check_edges(void) {
    char *none = need(smalloc(any(0), 1)), *other = need(smalloc(any(0), 1));
    CHECK(none != other, "two blocks of size 0 at %p", (void *)none);
    CHECK(is_sensitive(none), "a block of size 0 has no region");
    none = need(srealloc(none, 100));
    CHECK(is_sensitive(none), "a block of size 0 lost its region");
    CHECK(srealloc(none, any(0)) == NULL, "srealloc to 0 gave a block");
    sfree(other);
    sfree(NULL);
    char *begun = need(srealloc(NULL, 50));
    CHECK(is_sensitive(begun), "srealloc of nothing");
    sfree(begun);
    errno = 0;
    CHECK(smalloc(any(SIZE_MAX), 1) == NULL && errno == ENOMEM, "errno %d", errno);
    errno = 0;
    CHECK(scalloc(any(SIZE_MAX / 2), 3, 1) == NULL && errno == ENOMEM, "errno %d", errno);
    char *block = need(malloc_conceal(40));
    CHECK(is_sensitive(block), "malloc_conceal");
    errno = 7;
    sfree(block);
    CHECK_EQUAL(errno, 7);
    block = need(calloc_conceal(10, 10));
    check_zero(block, 100, "calloc_conceal");
    CHECK(is_sensitive(block), "calloc_conceal");
    block = need(recallocarray(block, 100, 200, 1));
    CHECK(is_sensitive(block), "recallocarray");
    freezero(block, 200);
    struct secmalloc_block described = {.struct_size = sizeof described};
    block = need(smalloc(100, 1));
    CHECK_EQUAL(secmalloc_describe(block + 5, &described), SECMALLOC_OK);
    CHECK_EQUAL(described.requested_size, 100);
    CHECK_EQUAL(described.offset, 5);
    sfree(block);
}

/* Between ordinary blocks and sensitive ones lies a region at least. */
static void check_distance(void) {
    uintptr_t lowest = UINTPTR_MAX, highest = 0;
    void *blocks[2000];
    for (int i = 0; i < 2000; i++) {
        blocks[i] = need(smalloc((size_t)(i % 1000) + 1, 1));
        lowest = (uintptr_t)blocks[i] < lowest ? (uintptr_t)blocks[i] : lowest;
        highest = (uintptr_t)blocks[i] > highest ? (uintptr_t)blocks[i] : highest;
    }
    for (int i = 0; i < 2000; i++) {
        uintptr_t ordinary = (uintptr_t)need(malloc((size_t)(i % 1000) + 1));
        CHECK(ordinary + (16 << 20) < lowest || ordinary > highest, "%#" PRIxPTR " is among secrets", ordinary);
        free((void *)ordinary);
        sfree(blocks[i]);
    }
}

int main(void) {
    start_ours_only();
    check_sizes();
    check_edges();
    check_distance();
    struct secmalloc_counts counts = {.struct_size = sizeof counts};
    CHECK_EQUAL(secmalloc_check(&counts), SECMALLOC_OK);
    CHECK_EQUAL(counts.faults, 0);
    return PASSED;
}
