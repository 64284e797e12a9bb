/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Eight threads allocate, resize and free, mostly each other's blocks: all blocks go through one
 * table, from which a thread takes what another left there.  Content and size are checked on the
 * way out, so that no slot can be in two hands.
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { THREADS = 8, PLACES = 4096, SECONDS = 2 };

struct header {
    size_t size; /* of the whole block */
    unsigned seed;
};

static _Atomic(struct header *) places[PLACES];
static atomic_bool stop;

static void check_block(struct header *block) {
    check_filled(block + 1, block->size - sizeof *block, block->seed);
    if (is_ours()) CHECK_EQUAL(malloc_usable_size(block), block->size);
}

static struct header *seal(struct header *block, size_t size, unsigned seed) {
    block->size = size;
    block->seed = seed;
    fill(block + 1, size - sizeof *block, seed);
    return block;
}

static struct header *make(uint64_t *state) {
    size_t size = sizeof(struct header) + some_size(state);
    void *block = NULL;
    switch (next_number(state) % 4) {
    case 0:
        block = calloc(1, size);
        check_zero(need(block), size, "calloc");
        break;
    case 1:
        block = aligned_alloc(64, size);
        break;
    default:
        block = malloc(size);
    }
    return seal(need(block), size, (unsigned)next_number(state));
}

static void *work(void *number) {
    uint64_t state = (uintptr_t)number;
    unsigned long rounds = 0;
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        struct header *block = make(&state);
        block = atomic_exchange(&places[next_number(&state) % PLACES], block);
        if (!block) continue;
        check_block(block);
        if (next_number(&state) % 8 == 0) {
            size_t size = sizeof *block + some_size(&state);
            block = seal(need(realloc(block, size)), size, 1);
            block = atomic_exchange(&places[next_number(&state) % PLACES], block);
            if (block) check_block(block);
        }
        free(block);
        rounds++;
    }
    return (void *)rounds;
}

int main(void) {
    pthread_t threads[THREADS];
    start();
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    sleep(SECONDS);
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) {
        void *rounds;
        pthread_join(threads[i], &rounds);
        CHECK(rounds != NULL, "thread %d did not get to work", i);
    }
    for (int i = 0; i < PLACES; i++) {
        struct header *block = atomic_load(&places[i]);
        if (!block) continue;
        check_block(block);
        free(block);
    }
    if (is_ours()) {
        struct secmalloc_counts counts = {.struct_size = sizeof counts};
        CHECK_EQUAL(secmalloc_check(&counts), SECMALLOC_OK);
        CHECK_EQUAL(counts.faults, 0);
    }
    return PASSED;
}
