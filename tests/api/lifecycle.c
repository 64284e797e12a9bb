/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * malloc is called before main, after main, and while a thread ends: constructors, destructors of
 * thread-specific data (which run after the heap may have said goodbye to the thread), atexit.
 */
#include "test.h"

#include <pthread.h>

enum { KEYS = 20, THREADS = 200 };

static unsigned char *early;
static pthread_key_t keys[KEYS];

static void use(size_t size) {
    unsigned char *block = need(malloc(any(size)));
    fill(block, size, 1);
    block = need(realloc(block, 2 * size));
    check_filled(block, size, 1);
    free(block);
}

__attribute__((constructor(101))) static void before_main(void) {
    early = need(malloc(any(1000)));
    fill(early, 1000, 7);
}

__attribute__((destructor(101))) static void after_all(void) {
    for (size_t size = 1; size < 3000; size += 100) use(size);
}

static void at_exit(void) {
    for (size_t size = 1; size < 200000; size += 5000) use(size);
}

static void end_of_value(void *value) {
    check_filled(value, 64, 2);
    free(value);
    for (size_t size = 1; size < 3000; size += 300) use(size);
    /* the second round of destructors gets a value made in the first */
    static __thread int again;
    if (again++ < 2) {
        unsigned char *next = need(malloc(any(64)));
        fill(next, 64, 2);
        pthread_setspecific(keys[again], next);
    }
}

static void *work(void *unused) {
    for (int i = 0; i < KEYS; i++) {
        unsigned char *value = need(malloc(any(64)));
        fill(value, 64, 2);
        pthread_setspecific(keys[i], value);
    }
    return unused;
}

int main(void) {
    start();
    check_filled(early, 1000, 7);
    early = need(realloc(early, 5000));
    check_filled(early, 1000, 7);
    free(early);
    atexit(at_exit);
    for (int i = 0; i < KEYS; i++) CHECK_EQUAL(pthread_key_create(&keys[i], end_of_value), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_t id;
        CHECK_EQUAL(pthread_create(&id, NULL, work, NULL), 0);
        pthread_join(id, NULL);
    }
    return PASSED;
}
