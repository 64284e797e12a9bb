/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What was freed goes back to the system: at the latest when malloc_trim asks for it. */
#include "test.h"

enum { TOTAL = 128 * 1024 * 1024 };

static const size_t sizes[] = {24, 100, 1000, 9000, 60000, 300000};

static void check_size(size_t size) {
    size_t count = TOTAL / size;
    if (count > 400000) count = 400000;
    long payload = (long)(count * size / 1024);
    void **blocks = need(malloc(count * sizeof *blocks));
    memset(blocks, 0, count * sizeof *blocks);
    malloc_trim(0);
    long before = resident();
    for (size_t i = 0; i < count; i++) {
        blocks[i] = need(malloc(any(size)));
        memset(blocks[i], 0x77, size);
    }
    long full = resident();
    CHECK(full - before >= payload, "%zu-byte blocks: only %ld KiB resident, %ld written", size,
          full - before, payload);
    for (size_t i = 0; i < count; i++) free(blocks[i]);
    malloc_trim(0);
    long after = resident();
    CHECK(after - before < (full - before) / 4, "%zu-byte blocks: of %ld KiB %ld KiB stayed", size,
          full - before, after - before);
    free(blocks);
}

int main(void) {
    start();
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) check_size(sizes[i]);
    return PASSED;
}
