/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Entries in the memory map, of which a process may have 65,530 (vm.max_map_count): under 1,000
 * with a million live blocks of all small sizes, under 5,000 with 20,000 live large ones, whichever
 * way guards are made.
 */
#include "../api/rerun.h"
#include "seccomp.h"

enum { SMALL = 1000000, SMALL_MOST = 1000, LARGE_BLOCKS = 20000, LARGE_MOST = 5000 };

static void without_guard_pages(void) {
    static const struct rule rules[] = {{SYS_madvise, 102}, {SYS_madvise, 103}};
    filter_calls(rules, 2, SECCOMP_RET_ERRNO | EINVAL, SECCOMP_RET_ALLOW);
}

static int count(void) {
    static void *blocks[SMALL];
    uint64_t state = 9;
    long before = mappings();
    for (int i = 0; i < SMALL; i++)
        blocks[i] = need(malloc(next_number(&state) % (i % 100 ? 400 : i % 1000 ? 4000 : 65000)));
    long small = mappings() - before;
    CHECK(small < SMALL_MOST, "%d small blocks: %ld entries", SMALL, small);
    for (int i = 0; i < SMALL; i++) free(blocks[i]);
    malloc_trim(0);
    before = mappings();
    for (int i = 0; i < LARGE_BLOCKS; i++) blocks[i] = need(malloc(LARGE + (size_t)i * 3));
    long large = mappings() - before;
    CHECK(large < LARGE_MOST, "%d large blocks: %ld entries", LARGE_BLOCKS, large);
    for (int i = 0; i < LARGE_BLOCKS; i++) free(blocks[i]);
    return PASSED;
}

int main(int argc, char **argv) {
    start_ours_only();
    if (argc > 1) return argv[1][0] == 'c' ? count() : FAILED;
    void (*const ways[])(void) = {NULL, without_guard_pages};
    for (int way = 0; way < 2; way++) {
        char text[4096];
        struct rerun how = {.argument = "count", .stream = 2, .prepare = ways[way]};
        int status = rerun(&how, text, sizeof text);
        if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) continue;
        CHECK(status == 0, "%s: status 0x%x: %s", way ? "PROT_NONE" : "guard pages", status, text);
    }
    return PASSED;
}
