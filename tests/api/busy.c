/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A check of the whole heap, and the last one at exit, while other threads go on allocating,
 * resizing and freeing: a correct program must never be accused.
 */
#include "rerun.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { THREADS = 4, HELD = 300, RUNS = 40, CHECKS = 60 };

static atomic_bool stop;

static void *work(void *number) {
    uint64_t state = (uintptr_t)number;
    unsigned char *held[HELD] = {NULL};
    size_t sizes[HELD] = {0};
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        size_t i = next_number(&state) % HELD, size = some_size(&state) + 1;
        if (next_number(&state) % 3 == 0) {
            held[i] = need(realloc(held[i], size));
        } else {
            free(held[i]);
            held[i] = need(next_number(&state) % 2 ? malloc(size) : calloc(1, size));
        }
        sizes[i] = size;
        /* to the very ends, where the heap's own bytes begin */
        held[i][0] = held[i][sizes[i] - 1] = (unsigned char)(state | 1);
    }
    for (int i = 0; i < HELD; i++) free(held[i]);
    return NULL;
}

static void begin(pthread_t *threads) {
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
}

/* The new process: leave in the middle of it all. */
static int leave(long milliseconds) {
    pthread_t threads[THREADS];
    begin(threads);
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
    return PASSED;
}

static void check_meanwhile(void) {
    pthread_t threads[THREADS];
    begin(threads);
    for (int i = 0; i < CHECKS; i++) {
        struct secmalloc_counts counts = {.struct_size = sizeof counts};
        CHECK_EQUAL(secmalloc_check(&counts), SECMALLOC_OK);
        CHECK_EQUAL(counts.faults, 0);
        usleep(2000);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
}

int main(int argc, char **argv) {
    start_ours_only();
    if (argc > 1) return leave(atol(argv[1]));
    for (int i = 0; i < RUNS; i++) {
        char text[4096], milliseconds[16];
        snprintf(milliseconds, sizeof milliseconds, "%d", i % 20 * 2 + 1);
        struct rerun how = {.argument = milliseconds, .stream = 2};
        int status = rerun(&how, text, sizeof text);
        CHECK(status == 0 && text[0] == '\0', "exit after %s ms: status 0x%x: %s", milliseconds,
              status, text);
    }
    check_meanwhile();
    return PASSED;
}
