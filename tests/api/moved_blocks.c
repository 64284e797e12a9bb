// SPDX-License-Identifier: MIT OR Apache-2.0
// Growing a large block moves its pages. Memory that another thread maps meanwhile is left alone.
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "test.h"

enum { ROUNDS = 300, BYTES = 1 << 20, STEP = 1 << 16 };

static atomic_bool done;

static void *map_and_look(void *unused) {
    while (!atomic_load(&done)) {
        char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(memory != MAP_FAILED, "mmap: %s", strerror(errno));
        for (int at = 0; at < BYTES; at += STEP) memory[at] = 1;
        for (int at = 0; at < BYTES; at += STEP) CHECK_EQUAL(memory[at], 1);
        munmap(memory, BYTES);
    }
    return unused;
}

int main(void) {
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, map_and_look, NULL), 0);
    for (int round = 0; round < ROUNDS; round++) {
        size_t size = 70000;
        char *block = malloc(size);
        CHECK(block != NULL, "malloc");
        memset(block, 'x', size);
        for (int step = 0; step < 8; step++) {
            char *grown = realloc(block, size + size / 2);
            CHECK(grown != NULL, "realloc");
            block = grown;
            CHECK(block[0] == 'x' && block[size - 1] == 'x', "contents lost at %zu bytes", size);
            memset(block + size, 'x', size / 2);
            size += size / 2;
        }
        free(block);
    }
    atomic_store(&done, true);
    pthread_join(thread, NULL);
    return PASSED;
}
