/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A little of everything that the interface offers, with contents that are compared. */
#ifndef SECMALLOC_TEST_WORK_H
#define SECMALLOC_TEST_WORK_H

#include "../api/test.h"

enum { WORK_BLOCKS = 3000, WORK_STEPS = 12000 };

struct work_block {
    void *at;
    size_t size;
    unsigned seed;
};

static inline void work(uint64_t state) {
    struct work_block *blocks = need(calloc(WORK_BLOCKS, sizeof *blocks));
    for (unsigned step = 1; step <= WORK_STEPS; step++) {
        struct work_block *b = &blocks[next_number(&state) % WORK_BLOCKS];
        size_t size = some_size(&state) + 1;
        if (b->at && step % 3 == 0) {
            b->at = need(realloc(b->at, size));
            check_filled(b->at, size < b->size ? size : b->size, b->seed);
        } else {
            if (b->at) check_filled(b->at, b->size, b->seed);
            free(b->at);
            if (step % 7 == 0) {
                CHECK_EQUAL(posix_memalign(&b->at, (size_t)16 << step % 10, size), 0);
            } else {
                b->at = need(step % 2 ? malloc(size) : calloc(1, size));
            }
        }
        *b = (struct work_block){b->at, size, step};
        fill(b->at, size, step);
    }
    for (int i = 0; i < WORK_BLOCKS; i++) {
        if (blocks[i].at) check_filled(blocks[i].at, blocks[i].size, blocks[i].seed);
        free(blocks[i].at);
    }
    free(blocks);
    malloc_trim(0);
    CHECK_EQUAL(secmalloc_check(NULL), SECMALLOC_OK);
}

#endif
