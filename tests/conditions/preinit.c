/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * malloc before any constructor: in .preinit_array and, where that may call anything, in a function
 * that chooses an implementation while the program is relocated (a static program has no thread-local
 * storage then, and no malloc at all). And fork handlers that were registered so early that the heap's
 * own came after: they run with its locks taken.
 */
#include "test.h"

#include <pthread.h>

enum { BLOCKS = 3000 };

static unsigned char *early;
static int early_count;
static int handlers_ran;

static void use_the_heap(void) {
    static void *blocks[BLOCKS];
    handlers_ran++;
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(1 + (size_t)i % 4000);
        CHECK(blocks[i] != NULL, "malloc in a fork handler");
    }
    for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
    void *large = malloc(any(200000));
    CHECK(large != NULL, "malloc of a large block in a fork handler");
    free(large);
}

/* Once, as early as can be. */
static void register_handlers(void) {
    static int done;
    if (!done++) CHECK_EQUAL(pthread_atfork(use_the_heap, use_the_heap, use_the_heap), 0);
}

static void before_constructors(int argc, char **argv, char **environment) {
    (void)argc, (void)argv, (void)environment;
    register_handlers();
    early = malloc(any(1000));
    early_count = early != NULL;
    if (early) fill(early, 1000, 3);
}

__attribute__((section(".preinit_array"), used))
static void (*const first)(int, char **, char **) = before_constructors;

#ifndef SECMALLOC_TEST_STATIC
static void *chosen_with;
static int the_one(void) { return 42; }
static int (*choose(void))(void) {
    register_handlers();
    chosen_with = malloc(any(77));
    return the_one;
}
int chosen(void) __attribute__((ifunc("choose")));
#endif

int main(void) {
    start();
    alarm(100);
    CHECK(early_count == 1, "no memory in .preinit_array");
    check_filled(early, 1000, 3);
    free(early);
#ifndef SECMALLOC_TEST_STATIC
    CHECK_EQUAL(chosen(), 42);
    CHECK(chosen_with != NULL, "no memory while the program was relocated");
    free(chosen_with);
#endif
    for (int round = 0; round < 10; round++) {
        pid_t child = fork();
        CHECK(child >= 0, "fork: errno %d", errno);
        if (child == 0) {
            use_the_heap();
            exit(PASSED);
        }
        int status = 0;
        CHECK_EQUAL(waitpid(child, &status, 0), child);
        CHECK_EQUAL(status, 0);
    }
    CHECK_EQUAL(handlers_ran, 20);
    return PASSED;
}
