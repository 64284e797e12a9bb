/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A million sensitive blocks, all of which succeed and are protected: no limit of our own, and less than twice the
 * bytes that were asked for.
 */
#include "secrets.h"

enum { BLOCKS = 1000000, SIZE = 64, AROUND = 16 << 20 };

static uint32_t *blocks[BLOCKS];

int main(void) {
    start_ours_only();
    memset(blocks, 1, sizeof blocks);
    long before = resident();
    for (uint32_t i = 0; i < BLOCKS; i++) {
        blocks[i] = need(smalloc(SIZE, 1));
        for (int word = 0; word < SIZE / 4; word++) blocks[i][word] = i;
    }
    /* what states and records take is in it */
    long grown = resident() - before;
    CHECK(grown < 2L * BLOCKS / 1024 * SIZE, "%ld KiB for %d blocks of %d bytes", grown, BLOCKS, SIZE);
    unsigned wanted = status_of(blocks[0]).wanted;
    for (uint32_t i = 0; i < BLOCKS; i++) {
        struct secmalloc_sensitive status = status_of(blocks[i]);
        CHECK(status.in_force == wanted || status.why_not_locked == ENOMEM, "block %u: in force %#x of %#x, errno %d",
              (unsigned)i, status.in_force, wanted, status.why_not_locked);
        CHECK_EQUAL(status.size, SIZE);
        CHECK(blocks[i][0] == i && blocks[i][SIZE / 4 - 1] == i, "block %u is %u", (unsigned)i, (unsigned)blocks[i][0]);
    }
    CHECK(mappings() < 3000, "%ld mappings", (long)mappings());
    /* freed, the memory is there for others */
    for (uint32_t i = 0; i < BLOCKS; i++) sfree(blocks[i]);
    for (uint32_t i = 0; i < BLOCKS; i++) blocks[i] = need(smalloc(SIZE, 1));
    grown = resident() - before;
    CHECK(grown < 2L * BLOCKS / 1024 * SIZE + AROUND / 1024, "%ld KiB the second time", grown);
    for (uint32_t i = 0; i < BLOCKS; i++) sfree(blocks[i]);
    return PASSED;
}
