// SPDX-License-Identifier: MIT OR Apache-2.0
// Fork handlers of the program allocate and free, enough to need the locks that fork takes.
#include <pthread.h>

#include "test.h"

enum { BLOCKS = 3000 };

static void use_the_heap(void) {
    static void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(100 + (size_t)i % 400);
        CHECK(blocks[i] != NULL, "malloc in a fork handler");
    }
    for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
}

int main(void) {
    CHECK_EQUAL(pthread_atfork(use_the_heap, use_the_heap, use_the_heap), 0);
    alarm(60);
    for (int round = 0; round < 20; round++) {
        pid_t child = fork();
        CHECK(child >= 0, "fork: %s", strerror(errno));
        if (child == 0) {
            use_the_heap();
            _exit(PASSED);
        }
        int status = 0;
        CHECK_EQUAL(waitpid(child, &status, 0), child);
        CHECK_EQUAL(status, 0);
    }
    return PASSED;
}
