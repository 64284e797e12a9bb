/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Several large blocks that are taken and given back together, again and again, as compressors and parsers do with their
 * buffers: they get the memory that they had, though each of them rests before it is used again.
 */
#include "test.h"

#include <sys/resource.h>

enum { TOGETHER = 4, WARM_UP = 20, ROUNDS = 100, PAGE = 4096 };

static void rounds(int count, size_t size) {
    for (int i = 0; i < count; i++) {
        unsigned char *blocks[TOGETHER];
        for (int k = 0; k < TOGETHER; k++) {
            blocks[k] = need(malloc(size));
            memset(launder(blocks[k]), k + 1, size);
        }
        for (int k = 0; k < TOGETHER; k++) free(blocks[k]);
    }
}

static long faults(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_minflt;
}

int main(void) {
    start_ours_only();
    const char *trial = getenv("SECMALLOC_TRIAL");
    /* Where address space is dear, neighbours merge, and are cut again. */
    if (trial && strncmp(trial, "space", 5) == 0) return SKIPPED;
    static const size_t sizes[] = {65536, 200000, 1 << 20};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        rounds(WARM_UP, sizes[s]);
        long before = faults();
        rounds(ROUNDS, sizes[s]);
        long touched = (long)(ROUNDS * TOGETHER * (sizes[s] / PAGE));
        long new = faults() - before;
        CHECK(new < touched / 10, "%zu bytes: %ld page faults for %ld pages", sizes[s], new, touched);
    }
    return PASSED;
}
