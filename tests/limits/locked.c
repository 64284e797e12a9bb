/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * mlockall makes every page of every mapping that may be used a page of memory: what the heap has
 * reserved must not be among them, now or later.
 */
#include "../api/test.h"

#include <sys/mman.h>

enum { BLOCKS = 20000, MOST_KIB = 200 << 10 };

int main(void) {
    start_ours_only();
    free(need(malloc(any(100))));
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
        puts("skipped: RLIMIT_MEMLOCK does not let mlockall have all");
        return SKIPPED;
    }
    static void *blocks[BLOCKS];
    uint64_t state = 5;
    for (int i = 0; i < BLOCKS; i++) {
        size_t size = next_number(&state) % (i % 100 ? 600 : 90000);
        blocks[i] = need(malloc(any(size)));
        memset(blocks[i], i, size);
    }
    for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
    long kib = resident();
    CHECK(kib < MOST_KIB, "%ld KiB in memory", kib);
    return PASSED;
}
