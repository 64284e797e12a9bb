/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a malloc does in the cases that programs depend on: a line for each, "function|case|result".
 * Run on the C library's own malloc and on secmalloc; compare.py compares both with the table in
 * COMPATIBILITY.md. Knows nothing of secmalloc.
 */
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* mallinfo is, and stays in use */

enum { MARK = 4711, KEPT = 0x5a };

/* Of which the compiler knows nothing. */
static size_t any(size_t size) {
    __asm__ volatile("" : "+r"(size));
    return size;
}

static void *hide(void *ptr) {
    __asm__ volatile("" : "+r"(ptr) : : "memory");
    return ptr;
}

static const char *error(void) {
    switch (errno) {
    case MARK: return "errno kept";
    case EINVAL: return "EINVAL";
    case ENOMEM: return "ENOMEM";
    default: return "errno changed";
    }
}

static void line(const char *function, const char *what, const char *result) {
    printf("%s|%s|%s\n", function, what, result);
}

/* How a pointer is aligned, up to a page, and what errno says. Frees it. */
static void pointer(const char *function, const char *what, void *ptr) {
    char text[100];
    const char *said = error();
    if (hide(ptr) == NULL) {
        snprintf(text, sizeof text, "NULL, %s", said);
    } else {
        uintptr_t alignment = (uintptr_t)ptr & -(uintptr_t)ptr;
        size_t wanted = strstr(what, "4096") || strstr(function, "valloc") ? 4096
            : strstr(what, "17 to 32") ? 32
            : strstr(what, "(48") ? 64 : 16;
        snprintf(text, sizeof text, "block, %s, %s",
                 alignment >= wanted ? "aligned" : "not aligned", said);
    }
    line(function, what, text);
    free(ptr);
    errno = MARK;
}

static void number(const char *function, const char *what, long result) {
    char text[100];
    snprintf(text, sizeof text, "%ld, %s", result, error());
    line(function, what, text);
    errno = MARK;
}

static void sizes(void) {
    void *first = hide(malloc(any(0))), *second = hide(malloc(any(0)));
    line("malloc", "0 bytes, twice", first && second && first != second ? "two pointers" : "other");
    free(first);
    free(second);
    errno = MARK;
    pointer("malloc", "100 bytes", malloc(any(100)));
    pointer("malloc", "PTRDIFF_MAX + 1", malloc(any((size_t)PTRDIFF_MAX + 1)));
    pointer("malloc", "SIZE_MAX", malloc(any(SIZE_MAX)));
    pointer("malloc", "PTRDIFF_MAX", malloc(any(PTRDIFF_MAX)));
    pointer("calloc", "0 of 0 bytes", calloc(any(0), any(0)));
    pointer("calloc", "0 of SIZE_MAX bytes", calloc(any(0), any(SIZE_MAX)));
    pointer("calloc", "a product over SIZE_MAX", calloc(any(SIZE_MAX / 2), any(3)));
    pointer("calloc", "a product of SIZE_MAX + 1", calloc(any((size_t)1 << 32), any((size_t)1 << 32)));
    pointer("calloc", "a product over PTRDIFF_MAX", calloc(any((size_t)1 << 32), any((size_t)1 << 31)));
}

/* What is left of a block after a call that failed. */
static const char *kept(unsigned char *block, void *result) {
    static char text[100];
    const char *said = error();
    int same = result == NULL && block[0] == KEPT && block[99] == KEPT;
    snprintf(text, sizeof text, "NULL, %s, block %s", said, same ? "kept" : "lost");
    return text;
}

static void *block_of(size_t size) {
    void *block = hide(malloc(size));
    memset(block, KEPT, size);
    errno = MARK;
    return block;
}

static void changes(void) {
    pointer("realloc", "NULL, 100 bytes", realloc(NULL, any(100)));
    pointer("realloc", "NULL, 0 bytes", realloc(NULL, any(0)));
    pointer("realloc", "a block, 0 bytes", realloc(block_of(100), any(0)));
    unsigned char *block = block_of(100);
    line("realloc", "a block, PTRDIFF_MAX + 1", kept(block, realloc(block, any((size_t)PTRDIFF_MAX + 1))));
    errno = MARK;
    line("realloc", "a block, PTRDIFF_MAX", kept(block, realloc(block, any(PTRDIFF_MAX))));
    errno = MARK;
    line("reallocarray", "a block, product over SIZE_MAX", kept(block, reallocarray(block, any(SIZE_MAX / 2), any(3))));
    errno = MARK;
    pointer("reallocarray", "a block, 0 of 8 bytes", reallocarray(block, any(0), any(8)));
    pointer("reallocarray", "NULL, 0 of 0 bytes", reallocarray(NULL, any(0), any(0)));
    block = hide(realloc(block_of(100), any(50)));
    line("realloc", "smaller, then errno", error());
    free(block);
    errno = MARK;
}

static void alignments(void) {
    pointer("memalign", "alignment 0", memalign(any(0), any(100)));
    pointer("memalign", "alignment 17 to 32 (24)", memalign(any(24), any(100)));
    pointer("memalign", "alignment over half of SIZE_MAX", memalign(any(SIZE_MAX / 2 + 2), any(100)));
    pointer("memalign", "alignment 4096, 0 bytes", memalign(any(4096), any(0)));
    pointer("memalign", "alignment 64, PTRDIFF_MAX + 1", memalign(any(64), any((size_t)PTRDIFF_MAX + 1)));
    pointer("memalign", "alignment 1 << 62, PTRDIFF_MAX", memalign(any((size_t)1 << 62), any(PTRDIFF_MAX)));
    pointer("aligned_alloc", "alignment 0", aligned_alloc(any(0), any(100)));
    pointer("aligned_alloc", "alignment no power of two (48)", aligned_alloc(any(48), any(96)));
    pointer("aligned_alloc", "size no multiple of alignment 4096", aligned_alloc(any(4096), any(100)));
    pointer("valloc", "100 bytes", valloc(any(100)));
    pointer("valloc", "0 bytes", valloc(any(0)));
    pointer("pvalloc", "0 bytes", pvalloc(any(0)));
    pointer("pvalloc", "SIZE_MAX", pvalloc(any(SIZE_MAX)));
    char *pages = hide(pvalloc(any(100)));
    memset(pages, 1, (size_t)sysconf(_SC_PAGESIZE)); /* the whole page is the caller's */
    free(pages);
    errno = MARK;
}

static void posix_alignment(const char *what, size_t alignment, size_t size) {
    char text[100];
    void *const untouched = &text, *ptr = untouched;
    int result = posix_memalign(&ptr, any(alignment), any(size));
    const char *name = result == 0 ? "0" : result == EINVAL ? "EINVAL" : result == ENOMEM ? "ENOMEM" : "other";
    snprintf(text, sizeof text, "%s, %s, %s", name,
             ptr == untouched ? "*memptr kept" : ptr == NULL ? "NULL" : "block", error());
    line("posix_memalign", what, text);
    if (result == 0) free(ptr);
    errno = MARK;
}

static void posix_alignments(void) {
    posix_alignment("alignment 0", 0, 100);
    posix_alignment("alignment 4", 4, 100);
    posix_alignment("alignment 24", 24, 100);
    posix_alignment("alignment 8, 0 bytes", 8, 0);
    posix_alignment("alignment 64", 64, 100);
    posix_alignment("alignment 64, PTRDIFF_MAX + 1", 64, (size_t)PTRDIFF_MAX + 1);
    posix_alignment("alignment 64, SIZE_MAX", 64, SIZE_MAX);
    posix_alignment("alignment 24, SIZE_MAX", 24, SIZE_MAX);
}

static void questions(void) {
    free(NULL);
    line("free", "NULL", error());
    void *large = block_of(1 << 20);
    free(large);
    line("free", "1 MiB", error());
    errno = MARK;
    number("malloc_usable_size", "NULL", (long)malloc_usable_size(NULL));
    void *block = block_of(100);
    number("malloc_usable_size", "100 bytes", (long)malloc_usable_size(block));
    free(block);
    block = hide(malloc(any(0)));
    errno = MARK;
    number("malloc_usable_size", "0 bytes", (long)malloc_usable_size(block));
    free(block);
    errno = MARK;
}

static void tuning(void) {
    void *block = block_of(200000);
    line("mallinfo2", "hblkhd with a large block", mallinfo2().hblkhd >= 200000 ? "counts it" : "does not");
    line("mallinfo2", "uordblks with a small block", mallinfo2().uordblks > 0 ? "counts it" : "does not");
    line("mallinfo", "with what mallinfo2 says", (size_t)(unsigned)mallinfo().hblkhd == mallinfo2().hblkhd ? "agrees" : "differs");
    free(block);
    static const struct {
        const char *what;
        int parameter, value;
    } calls[] = {
        {"M_MXFAST, 64", M_MXFAST, 64},
        {"M_MXFAST, 160", M_MXFAST, 160},
        {"M_MXFAST, 161", M_MXFAST, 161},
        {"M_MXFAST, -1", M_MXFAST, -1},
        {"M_TRIM_THRESHOLD, 1 MiB", M_TRIM_THRESHOLD, 1 << 20},
        {"M_TOP_PAD, 1 MiB", M_TOP_PAD, 1 << 20},
        {"M_MMAP_THRESHOLD, 1 MiB", M_MMAP_THRESHOLD, 1 << 20},
        {"M_MMAP_THRESHOLD, 64 MiB", M_MMAP_THRESHOLD, 64 << 20},
        {"M_MMAP_MAX, 100", M_MMAP_MAX, 100},
        {"M_CHECK_ACTION, 3", M_CHECK_ACTION, 3},
        {"M_PERTURB, 85", M_PERTURB, 85},
        {"M_PERTURB, 0", M_PERTURB, 0},
        {"M_ARENA_TEST, 4", M_ARENA_TEST, 4},
        {"M_ARENA_MAX, 1", M_ARENA_MAX, 1},
        {"12345, 6", 12345, 6},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        number("mallopt", calls[i].what, mallopt(calls[i].parameter, calls[i].value));
    FILE *null = fopen("/dev/null", "w");
    errno = MARK;
    number("malloc_info", "options 0", malloc_info(0, null));
    number("malloc_info", "options 1", malloc_info(1, null));
    fclose(null);
    errno = MARK;
    malloc_trim(0);
    errno = MARK;
    number("malloc_trim", "right after another", malloc_trim(0));
}

int main(void) {
    errno = MARK;
    sizes();
    changes();
    alignments();
    posix_alignments();
    questions();
    tuning();
    return 0;
}
