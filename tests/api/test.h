/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the programs of this folder share.  Each checks one idea about the interface, says
 * nothing when it holds and ends with 0; a broken CHECK prints where and why and ends with 1.
 *
 * So that the tests can be tested, a program built like those of the preload variant may run
 * without the library when SECMALLOC_TEST_PLAIN is set in the environment: what it claims of any
 * malloc is then checked on libc's, the rest is skipped.
 */
#ifndef SECMALLOC_TEST_H
#define SECMALLOC_TEST_H

#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <secmalloc.h>

/* C23 and old names that the libc at hand need not declare. */
void free_sized(void *ptr, size_t size);
void free_aligned_sized(void *ptr, size_t alignment, size_t size);
void cfree(void *ptr);

enum { PASSED = 0, FAILED = 1, SKIPPED = 77 };

/* The first size that is served by a mapping of its own. */
enum { LARGE = 65529 };

__attribute__((noreturn, format(printf, 3, 4)))
static inline void fail_at(const char *file, int line, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    /* _exit: the heap may be in pieces, and atexit handlers would use it. */
    _exit(FAILED);
}

#define FAIL(...) fail_at(__FILE__, __LINE__, __VA_ARGS__)

/* CHECK(condition, "what was expected, %d", ...) */
#define CHECK(condition, ...) \
    do { \
        if (!(condition)) FAIL(__VA_ARGS__); \
    } while (0)

#define CHECK_EQUAL(left, right) \
    do { \
        long long left_ = (long long)(left), right_ = (long long)(right); \
        if (left_ != right_) \
            FAIL("%s is %lld, should be %s = %lld", #left, left_, #right, right_); \
    } while (0)

/* Whether the library is there: where it is preloaded, its names are weak. */
static inline bool is_ours(void) {
    uintptr_t address = (uintptr_t)&secmalloc_version;
    __asm__ volatile("" : "+r"(address));
    return address != 0;
}

/* Begins every program: ours, or plain on purpose. */
static inline void start(void) {
    CHECK(is_ours() || getenv("SECMALLOC_TEST_PLAIN"), "secmalloc is not in this program");
}

/* Begins a program, or the rest of one, that makes no sense with another malloc. */
static inline void start_ours_only(void) {
    start();
    if (!is_ours()) {
        puts("skipped: a plain run");
        exit(SKIPPED);
    }
}

/* The same value, of which the compiler knows nothing any more. */
static inline void *launder(void *ptr) {
    __asm__ volatile("" : "+r"(ptr) : : "memory");
    return ptr;
}

static inline size_t any(size_t size) {
    __asm__ volatile("" : "+r"(size));
    return size;
}

static inline void *need(void *ptr) {
    CHECK(ptr != NULL, "no memory: errno %d", errno);
    return launder(ptr);
}

static inline bool is_aligned(const void *ptr, size_t alignment) {
    return ((uintptr_t)ptr & (alignment - 1)) == 0;
}

/* The byte that fill puts at an offset; seeds tell neighbours and generations apart. */
static inline unsigned char pattern(size_t offset, unsigned seed) {
    return (unsigned char)((offset * 31 + seed * 101) % 251 + 1);
}

static inline void fill(void *ptr, size_t size, unsigned seed) {
    unsigned char *bytes = ptr;
    for (size_t i = 0; i < size; i++) bytes[i] = pattern(i, seed);
}

static inline void check_filled(const void *ptr, size_t size, unsigned seed) {
    const unsigned char *bytes = ptr;
    for (size_t i = 0; i < size; i++)
        CHECK(bytes[i] == pattern(i, seed), "block %p: byte %zu of %zu is 0x%02x, not 0x%02x",
              ptr, i, size, bytes[i], pattern(i, seed));
}

static inline void check_zero(const void *ptr, size_t size, const char *what) {
    const volatile unsigned char *bytes = ptr;
    for (size_t i = 0; i < size; i++)
        CHECK(bytes[i] == 0, "%s: byte %zu of %zu is 0x%02x, not 0", what, i, size, bytes[i]);
}

/* A small generator of the test's own: rand() would lock, and must not decide what fails. */
static inline uint64_t next_number(uint64_t *state) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* Sizes as programs ask for them: mostly small, sometimes up to 64 KiB, seldom larger. */
static inline size_t some_size(uint64_t *state) {
    uint64_t kind = next_number(state) % 1000;
    if (kind < 900) return next_number(state) % 600;
    if (kind < 998) return next_number(state) % 20000;
    return next_number(state) % 300000;
}

/*
 * Resident memory of this process in KiB. Kernels from 6.2 on add up statm's figure from what each processor has counted
 * so far, and may leave some hundred KiB out; smaps_rollup, since 4.14, goes by the pages themselves.
 */
static inline long resident(void) {
    char line[256];
    long pages = 0, size = -1;
    FILE *exact = fopen("/proc/self/smaps_rollup", "r");
    while (exact && size < 0 && fgets(line, sizeof line, exact)) sscanf(line, "Rss: %ld kB", &size);
    if (exact) fclose(exact);
    if (size >= 0) return size;
    FILE *file = fopen("/proc/self/statm", "r");
    CHECK(file != NULL && fscanf(file, "%*s %ld", &pages) == 1, "/proc/self/statm: no figure");
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* The number of mappings of this process. */
static inline long mappings(void) {
    char line[8192];
    long count = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    CHECK(file != NULL, "/proc/self/maps: errno %d", errno);
    while (fgets(line, sizeof line, file)) count += strchr(line, '\n') != NULL;
    fclose(file);
    return count;
}

#endif
