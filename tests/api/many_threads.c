/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Hundreds of threads alive at once, also where address space is short and the heap keeps little
 * for each: all can allocate, and free what others made.
 */
#include "rerun.h"

#include <pthread.h>
#include <sys/resource.h>

enum { THREADS = 400, BLOCKS = 50, STACK = 128 * 1024 };

static pthread_barrier_t together;
static unsigned char *blocks[THREADS][BLOCKS];

static size_t size_of(size_t thread, size_t block) {
    return (thread * 37 + block * 101) % 2000 + 1;
}

static void *work(void *argument) {
    size_t own = (size_t)argument, other = (own + 1) % THREADS;
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[own][i] = need(malloc(size_of(own, i)));
        fill(blocks[own][i], size_of(own, i), (unsigned)own);
    }
    pthread_barrier_wait(&together);
    for (size_t i = 0; i < BLOCKS; i++) {
        check_filled(blocks[other][i], size_of(other, i), (unsigned)other);
        free(blocks[other][i]);
    }
    pthread_barrier_wait(&together);
    for (size_t i = 1; i < 3000; i += 70) free(need(calloc(1, i)));
    return NULL;
}

static int run(void) {
    static pthread_t threads[THREADS];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_barrier_init(&together, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], &attributes, work, (void *)i), 0);
    for (size_t i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    return PASSED;
}

static void limit_space(void) {
    struct rlimit both = {(rlim_t)2 << 30, (rlim_t)2 << 30};
    if (setrlimit(RLIMIT_AS, &both) != 0) _exit(125);
}

int main(int argc, char **argv) {
    start();
    if (argc > 1) return strcmp(argv[1], "run") == 0 ? run() : FAILED;
    char text[4096];
    struct rerun how = {.argument = "run", .stream = 2};
    int status = rerun(&how, text, sizeof text);
    CHECK(status == 0, "status 0x%x: %s", status, text);
    how.prepare = limit_space;
    status = rerun(&how, text, sizeof text);
    CHECK(status == 0, "in 2 GiB: status 0x%x: %s", status, text);
    return PASSED;
}
