/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sensitive locals: zero at first, aligned, protected, wiped when their block is left, in whatever way that is.
 */
#include "vault.h"

struct odd {
    char bytes[13];
};
struct wide {
    char bytes[64];
} __attribute__((aligned(64)));

static unsigned char *seen[4];
static size_t sizes[4];

static void note(int which, void *at, size_t size) {
    check_zero(at, size, "a new local");
    CHECK(is_aligned(at, 16), "%p is not aligned", at);
    fill(at, size, (unsigned)which);
    seen[which] = at;
    sizes[which] = size;
}

static void check_gone(const char *way) {
    if (is_plain()) return;
    for (int i = 0; i < 4; i++)
        if (seen[i] != NULL) check_zero(seen[i], sizes[i], way);
    memset(seen, 0, sizeof seen);
}

static int by_return(int value) {
    SMALLOC_LOCAL(struct odd, local);
    note(0, local, sizeof *local);
    if (value > 1) return value;
    SMALLOC_LOCAL_ARRAY(long, numbers, value + 10);
    note(1, numbers, (size_t)(value + 10) * sizeof *numbers);
    return (int)local->bytes[0];
}

static void by_loops(void) {
    for (int i = 0; i < 10; i++) {
        SMALLOC_LOCAL_ARRAY(char, text, 100);
        note(0, text, 100);
        if (i == 3) continue;
        if (i == 7) break;
    }
    check_gone("left by break");
    for (int i = 0; i < 2; i++) {
        SMALLOC_LOCAL(int, number);
        SMALLOC_LOCAL(double, other);
        note(0, number, sizeof *number);
        note(1, other, sizeof *other);
        if (i == 1) goto out;
    }
out:
    check_gone("left by goto");
}

static int deep(int depth) {
    SMALLOC_LOCAL_ARRAY(unsigned char, bytes, depth);
    fill(bytes, (size_t)depth, (unsigned)depth);
    int below = depth > 1 ? deep(depth - 1) : 0;
    check_filled(bytes, (size_t)depth, (unsigned)depth);
    return below + 1;
}

static void aligned_ones(void) {
    for (size_t i = 1; i < 40; i++) {
        SMALLOC_LOCAL_ARRAY(char, text, i);
        SMALLOC_LOCAL(struct wide, wide);
        CHECK(is_aligned(wide, 64), "%p is not aligned to 64", (void *)wide);
        note(0, text, i);
        note(1, wide, sizeof *wide);
        SMALLOC_LOCAL(char[3], three);
        note(2, three, sizeof *three);
    }
    check_gone("aligned");
}

static void nothing_in_it(void) {
    SMALLOC_LOCAL_ARRAY(int, none, 0);
    SMALLOC_LOCAL(int, one);
    CHECK((char *)none != (char *)one, "two locals at one address");
    *one = 1;
}

static void all_of_it(void) {
    /* What the stack holds by default, less this object's word. */
    SMALLOC_LOCAL_ARRAY(char, bytes, 256 * 1024 - 16);
    note(0, bytes, 256 * 1024 - 16);
    check_protected(bytes, "a local");
    check_protected(bytes + 256 * 1024 - 17, "a local's end");
}

int main(void) {
    CHECK_EQUAL(by_return(5), 5);
    check_gone("left by return");
    by_return(1);
    check_gone("left by another return");
    by_loops();
    CHECK_EQUAL(deep(300), 300);
    aligned_ones();
    nothing_in_it();
    if (!is_plain()) {
        all_of_it();
        check_gone("all of the stack");
        /* The same place again, and again zero. */
        for (int i = 0; i < 3; i++) all_of_it();
    }
    return 0;
}
