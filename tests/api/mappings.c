/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The number of mappings is a limit of the kernel (vm.max_map_count, 65,530 by default), and a
 * heap with guards can eat it up.  Small blocks must not cost mappings, large ones a few each,
 * and all of them must come back.
 */
#include "test.h"

enum { SMALL_BLOCKS = 300000, LARGE_BLOCKS = 2000, PER_LARGE = 3, SLACK = 400 };

int main(void) {
    start_ours_only();
    static void *blocks[SMALL_BLOCKS];
    uint64_t state = 3;
    long before = mappings();
    for (int i = 0; i < SMALL_BLOCKS; i++)
        blocks[i] = need(malloc(next_number(&state) % (i % 50 ? 300 : 9000)));
    long small = mappings() - before;
    CHECK(small <= SLACK, "%d small blocks took %ld mappings", SMALL_BLOCKS, small);
    for (int i = 0; i < SMALL_BLOCKS; i++) free(blocks[i]);

    before = mappings();
    for (int i = 0; i < LARGE_BLOCKS; i++) blocks[i] = need(malloc(LARGE + (size_t)i * 10));
    long large = mappings() - before;
    CHECK(large <= PER_LARGE * LARGE_BLOCKS + SLACK, "%d large blocks took %ld mappings",
          LARGE_BLOCKS, large);
    for (int i = 0; i < LARGE_BLOCKS; i++) free(blocks[i]);
    malloc_trim(0);
    long left = mappings() - before;
    CHECK(left <= LARGE_BLOCKS / 2 + SLACK, "%ld mappings left of %ld", left, large);
    return PASSED;
}
