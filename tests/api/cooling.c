/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What was freed goes back to the system as time passes, also where all that a program still does is served by the
 * slots that its thread has at hand. */
#include "test.h"

#include <time.h>

enum { BLOCKS = 600000, SIZE = 100, PAIRS = 4000 };

static void work_a_little(void) {
    for (int i = 0; i < PAIRS; i++) free(need(malloc(any(SIZE))));
}

static void pause_ms(long ms) {
    struct timespec time = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&time, &time) != 0 && errno == EINTR) continue;
}

int main(void) {
    start();
    long before = resident();
    void **blocks = need(malloc(BLOCKS * sizeof *blocks));
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = need(malloc(any(SIZE)));
        memset(blocks[i], 0x55, SIZE);
    }
    long full = resident();
    for (size_t i = 0; i < BLOCKS; i++) free(blocks[i]);
    free(blocks);
    long freed = resident();
    /* A turn may be due or not when the pause begins: the second finds what the first one left. */
    for (int i = 0; i < 2; i++) {
        pause_ms(1500);
        work_a_little();
    }
    long after = resident();
    CHECK(after - before < (full - before) / 4,
          "of %ld KiB %ld were resident after all was freed, and %ld KiB after 3 s", full - before, freed - before,
          after - before);
    return PASSED;
}
