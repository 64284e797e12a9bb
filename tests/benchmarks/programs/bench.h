/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the programs of this folder share.  Each is one allocation pattern with a fixed amount of
 * work, called as PROGRAM [ARGUMENT...] [SCALE]; SCALE 1, the default, is 1 to 2 seconds with
 * glibc's malloc.  It prints nothing but figures of its own, as lines of "key value".
 *
 * Blocks are used as real programs use them: written when they come, read before they go.  A block
 * whose contents changed ends the program with a message and status 1, as does a failed malloc.
 */
#ifndef SECMALLOC_BENCH_H
#define SECMALLOC_BENCH_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BENCH_MOST_THREADS = 256 };

__attribute__((noreturn, cold, format(printf, 1, 2)))
static inline void bench_fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    /* _exit: other threads may be running, and what exit would call may use the heap. */
    _exit(1);
}

/* ---- arguments ---- */

/* A whole number from an argument. */
static inline unsigned long bench_number(const char *text, const char *name, unsigned long least,
                                         unsigned long most) {
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (errno || *end || *text < '0' || *text > '9' || value < least || value > most)
        bench_fail("%s: \"%s\" is not a whole number from %lu to %lu", name, text, least, most);
    return value;
}

/* Checks the number of arguments and returns SCALE.  `names` are those before it. */
static inline double bench_scale(int argc, char **argv, int arguments, const char *names) {
    if (argc != arguments + 1 && argc != arguments + 2)
        bench_fail("usage: %s %s%s[SCALE]", argv[0], names, *names ? " " : "");
    if (argc == arguments + 1) return 1;
    const char *text = argv[argc - 1];
    char *end;
    double scale = strtod(text, &end);
    if (end == text || *end || !(scale > 0 && scale <= 1000))
        bench_fail("SCALE: \"%s\" is not a decimal number over 0, at most 1000", text);
    return scale;
}

/* The amount of work at this scale; never none. */
static inline size_t bench_work(double base, double scale) {
    double work = base * scale;
    return work < 1 ? 1 : (size_t)work;
}

/* ---- numbers: the same in every run (Steele, Lea & Flood 2014, "SplitMix") ---- */

static inline uint64_t bench_next(uint64_t *random) {
    uint64_t z = *random += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* From 0 to limit - 1; limit is under 2^32. */
static inline size_t bench_below(uint64_t *random, size_t limit) {
    return (size_t)(((bench_next(random) >> 32) * limit) >> 32);
}

/* A size from 2^low to 2^high - 1; each power of two is as likely as the next. */
static inline size_t bench_log_size(uint64_t *random, unsigned low, unsigned high) {
    uint64_t number = bench_next(random);
    unsigned bits = low + (unsigned)(((number >> 32) * (high - low)) >> 32);
    return ((size_t)1 << bits) + (number & (((size_t)1 << bits) - 1));
}

/* Log-uniform from 16 to 1023 bytes, and one in 64 from 1 KiB to 32 KiB. */
static inline size_t bench_mixed_size(uint64_t *random) {
    if (bench_below(random, 64) == 0) return bench_log_size(random, 10, 15);
    return bench_log_size(random, 4, 10);
}

/* Skewed to small ones, as in most programs: 16 to 127 bytes, one in 8 up to 1 KiB. */
static inline size_t bench_small_size(uint64_t *random) {
    if (bench_below(random, 8) == 0) return bench_log_size(random, 7, 10);
    return bench_log_size(random, 4, 7);
}

/* ---- blocks ---- */

static inline void *bench_need(void *block, size_t size) {
    if (__builtin_expect(block == NULL, 0)) bench_fail("no memory for %zu bytes", size);
    return block;
}

/* What a block is marked with; two blocks in one place would not agree on it. */
static inline unsigned char bench_mark(const void *block, size_t size) {
    return (unsigned char)(((uintptr_t)block >> 4) * 37 + size * 11 + 1);
}

/* Writes the first and the last byte. */
static inline void bench_touch(void *block, size_t size) {
    unsigned char *bytes = (unsigned char *)block;
    bytes[0] = bytes[size - 1] = bench_mark(block, size);
}

static inline void bench_verify(const void *block, size_t size) {
    const unsigned char *bytes = (const unsigned char *)block;
    unsigned char mark = bench_mark(block, size);
    if (__builtin_expect(bytes[0] != mark || bytes[size - 1] != mark, 0))
        bench_fail("block %p of %zu bytes: contents changed", block, size);
}

static inline void *bench_new(size_t size) {
    void *block = bench_need(malloc(size), size);
    bench_touch(block, size);
    return block;
}

static inline void bench_drop(void *block, size_t size) {
    bench_verify(block, size);
    free(block);
}

/* A block together with its size, for tables of them; block is NULL in an empty place. */
struct bench_block {
    void *block;
    size_t size;
};

/* Puts a new block in the place of what is there. */
static inline void bench_replace(struct bench_block *place, size_t size) {
    if (place->block) bench_drop(place->block, place->size);
    place->block = bench_new(size);
    place->size = size;
}

static inline void bench_empty(struct bench_block *place) {
    if (place->block) bench_drop(place->block, place->size);
    place->block = NULL;
}

static inline struct bench_block *bench_places(size_t count) {
    size_t size = count * sizeof(struct bench_block);
    return (struct bench_block *)bench_need(calloc(count, sizeof(struct bench_block)), size);
}

/* ---- threads ---- */

static inline pthread_t bench_start(void *(*work)(void *), void *argument) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, work, argument);
    if (error) bench_fail("pthread_create: %s", strerror(error));
    return thread;
}

static inline void bench_join(pthread_t thread) {
    int error = pthread_join(thread, NULL);
    if (error) bench_fail("pthread_join: %s", strerror(error));
}

/* One thread for each of the arguments, which are `size` bytes apart; returns when all ended. */
static inline void bench_run(size_t count, void *(*work)(void *), void *arguments, size_t size) {
    pthread_t threads[BENCH_MOST_THREADS];
    if (count > BENCH_MOST_THREADS) bench_fail("%zu threads are too many", count);
    for (size_t i = 0; i < count; i++)
        threads[i] = bench_start(work, (char *)arguments + i * size);
    for (size_t i = 0; i < count; i++) bench_join(threads[i]);
}

/* ---- figures ---- */

/* A line of /proc/self/status in KiB, such as "VmRSS:".  Read without the heap. */
static inline long bench_status_kib(const char *key) {
    char text[8192];
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (length < 0) bench_fail("/proc/self/status: %s", strerror(errno));
    close(file);
    text[length] = '\0';
    const char *line = strstr(text, key);
    if (!line) bench_fail("/proc/self/status: no line %s", key);
    return strtol(line + strlen(key), NULL, 10);
}

#endif
