/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Mixed calls: all of the interface in one program: malloc, calloc, realloc larger and smaller,
 * aligned_alloc, strdup, free; some blocks freed by other threads.
 *
 * Real programs do not call malloc alone.  Each thread has a table of blocks and does one of the
 * calls to a random one; every 16th block is swapped with a shared place.  `rptest` (Mattias
 * Jansson, rpmalloc) is of this kind, and so are the traces that allocator testers replay.
 *
 * usage: mixed_calls THREADS [SCALE]
 */
#include "bench.h"

#include <stdatomic.h>

enum { PLACES = 2000, SHARED = 512, STEPS = 12000000 };

struct job {
    uint64_t random;
    size_t steps;
    unsigned char *places[PLACES];
};

static _Atomic(unsigned char *) shared[SHARED];

/* Length and mark stand in the first bytes: at least 16 are there. */
static unsigned char *label(void *block, size_t size) {
    unsigned char *bytes = (unsigned char *)bench_need(block, size);
    uint32_t length = (uint32_t)size;
    memcpy(bytes, &length, sizeof length);
    bytes[size - 1] = (unsigned char)(size * 7 + 1);
    return bytes;
}

static size_t length(const unsigned char *bytes) {
    uint32_t size;
    memcpy(&size, bytes, sizeof size);
    if (size < 16 || size > 65536 || bytes[size - 1] != (unsigned char)(size * 7 + 1))
        bench_fail("block %p: contents changed", (const void *)bytes);
    return size;
}

static void drop(unsigned char *bytes) {
    if (!bytes) return;
    (void)length(bytes);
    free(bytes);
}

static unsigned char *resized(unsigned char *bytes, size_t size) {
    if (bytes) (void)length(bytes);
    return label(realloc(bytes, size), size);
}

static unsigned char *string(size_t size) {
    char text[256];
    size = size < sizeof text ? size : sizeof text;
    memset(text, 'x', size - 1);
    text[size - 1] = '\0';
    return label(strdup(text), size);
}

static void one_call(unsigned char **place, uint64_t *random) {
    size_t size = bench_mixed_size(random);
    size_t choice = bench_below(random, 16);
    if (choice < 3) {
        *place = resized(*place, size);
        return;
    }
    drop(*place);
    if (choice < 4) {
        *place = NULL;
    } else if (choice < 11) {
        *place = label(malloc(size), size);
    } else if (choice < 13) {
        unsigned char *bytes = (unsigned char *)bench_need(calloc(1, size), size);
        if (bytes[0] || bytes[size / 2] || bytes[size - 1])
            bench_fail("block %p of %zu bytes was not cleared", (void *)bytes, size);
        *place = label(bytes, size);
    } else if (choice < 14) {
        size = (size + 63) / 64 * 64;
        *place = label(aligned_alloc(64, size), size);
    } else {
        *place = string(size);
    }
}

static void *work(void *argument) {
    struct job *job = (struct job *)argument;
    for (size_t i = 0; i < job->steps; i++) {
        unsigned char **place = &job->places[bench_below(&job->random, PLACES)];
        one_call(place, &job->random);
        if (i % 16 == 0)
            *place = atomic_exchange_explicit(&shared[bench_below(&job->random, SHARED)], *place,
                                              memory_order_acq_rel);
    }
    for (size_t i = 0; i < PLACES; i++) drop(job->places[i]);
    return NULL;
}

int main(int argc, char **argv) {
    static struct job jobs[BENCH_MOST_THREADS];
    double scale = bench_scale(argc, argv, 1, "THREADS");
    size_t threads = bench_number(argv[1], "THREADS", 1, BENCH_MOST_THREADS);
    for (size_t i = 0; i < threads; i++) {
        jobs[i].random = 20 + i;
        jobs[i].steps = bench_work((double)STEPS / (double)threads, scale);
    }
    bench_run(threads, work, jobs, sizeof jobs[0]);
    for (size_t i = 0; i < SHARED; i++) drop(atomic_load(&shared[i]));
    return 0;
}
