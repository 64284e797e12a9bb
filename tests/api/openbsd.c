/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* freezero and recallocarray: what they end is wiped, what they add is zero, failures change nothing. */
#include "test.h"

#include <fcntl.h>

void freezero(void *ptr, size_t size);
void *recallocarray(void *ptr, size_t old_count, size_t count, size_t size);

static const size_t counts[] = {0, 1, 3, 100, 1000, 8191, 8192, 20000, 100000};
enum { COUNTS = sizeof counts / sizeof counts[0], ELEMENT = 8 };

static void every_pair(void) {
    for (int from = 0; from < COUNTS; from++)
        for (int to = 0; to < COUNTS; to++) {
            size_t old = counts[from] * ELEMENT, new = counts[to] * ELEMENT;
            unsigned char *block = need(recallocarray(NULL, any(77), any(counts[from]), ELEMENT));
            check_zero(block, old, "recallocarray of NULL");
            fill(block, old, (unsigned)from);
            block = need(recallocarray(block, counts[from], any(counts[to]), ELEMENT));
            CHECK_EQUAL(malloc_usable_size(block), new);
            check_filled(block, old < new ? old : new, (unsigned)from);
            if (new > old) check_zero(block + old, new - old, "what is new");
            freezero(block, new / 2);
        }
    freezero(NULL, any(100));
}

/* A freed large block is out of reach, but the kernel shows what is there: to a core dump, too. */
static void secret_is_gone(void) {
    static unsigned char seen[100000];
    int memory = open("/proc/self/mem", O_RDONLY);
    CHECK(memory >= 0, "/proc/self/mem: errno %d", errno);
    for (int how = 0; how < 2; how++) {
        unsigned char *block = need(calloc(any(sizeof seen), 1));
        fill(block, sizeof seen, 7);
        CHECK_EQUAL(pread(memory, seen, sizeof seen, (off_t)(uintptr_t)block), sizeof seen);
        check_filled(seen, sizeof seen, 7);
        if (how == 0) freezero(block, sizeof seen);
        else free(need(recallocarray(block, sizeof seen, any(10), 1)));
        ssize_t got = pread(memory, seen, sizeof seen, (off_t)(uintptr_t)block);
        /* not readable at all is as good */
        if (got > 0) check_zero(seen, (size_t)got, "what was freed");
    }
    close(memory);
}

/* Nothing is left of what a block that shrinks gives up, whether it stays where it is or not. */
static void shrunk(void) {
    static unsigned char seen[400000];
    int memory = open("/proc/self/mem", O_RDONLY);
    CHECK(memory >= 0, "/proc/self/mem: errno %d", errno);
    static const size_t sizes[][2] = {{104, 97}, {1000, 950}, {4000, 3600}, {65000, 60000}, {400000, 200000}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t from = sizes[i][0], to = sizes[i][1];
        unsigned char *block = need(recallocarray(NULL, 0, any(from), 1));
        fill(block, from, 9);
        unsigned char *after = need(recallocarray(block, from, any(to), 1));
        check_filled(after, to, 9);
        ssize_t got = pread(memory, seen, from, (off_t)(uintptr_t)block);
        for (size_t at = after == block ? to : 0; got > 0 && at + 8 <= (size_t)got; at += 8) {
            size_t same = 0;
            for (size_t k = 0; k < 8; k++) same += seen[at + k] == pattern(at + k, 9);
            /* a canary has bytes in common with anything, not half of them */
            CHECK(same < 4, "%zu to %zu bytes: what was at %zu is there still", from, to, at);
        }
        after = need(recallocarray(after, to, any(from), 1));
        check_filled(after, to, 9);
        check_zero(after + to, from - to, "what grew again");
        freezero(after, from);
    }
    close(memory);
}

static void failures(void) {
    unsigned char *block = need(calloc(any(10), any(10)));
    fill(block, 100, 1);
    errno = 0;
    CHECK(recallocarray(block, 10, any(SIZE_MAX / 2), any(10)) == NULL && errno == ENOMEM, "errno %d", errno);
    errno = 0;
    CHECK(recallocarray(block, any(SIZE_MAX / 2), 20, any(10)) == NULL && errno == EINVAL, "errno %d", errno);
    errno = 0;
    CHECK(recallocarray(block, 10, any(PTRDIFF_MAX / 10), any(10)) == NULL && errno == ENOMEM, "errno %d", errno);
    check_filled(block, 100, 1);
    freezero(block, 100);
}

int main(void) {
    start_ours_only();
    every_pair();
    shrunk();
    failures();
    secret_is_gone();
    return PASSED;
}
