/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A forked child finds zeros in the place of its parent's secrets, and so does whoever reads the child's memory; it
 * may use and free the blocks all the same, and have secrets of its own.
 */
#include "secrets.h"

#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

enum { BLOCKS = 200 };

static char *blocks[BLOCKS];
static size_t sizes[BLOCKS];

static void make(void) {
    uint64_t state = 3;
    for (int i = 0; i < BLOCKS; i++) {
        sizes[i] = i % 20 == 0 ? 100000 + (size_t)i : 8 + next_number(&state) % 3000;
        blocks[i] = need(smalloc(sizes[i], 1));
        put_secret(blocks[i], sizes[i], (uint64_t)i);
    }
}

static void use_in_child(void) {
    for (int i = 0; i < BLOCKS; i++) {
        check_zero(blocks[i], sizes[i], "a parent's secret");
        CHECK_EQUAL(malloc_usable_size(blocks[i]), sizes[i]);
    }
    struct secmalloc_counts counts = {.struct_size = sizeof counts};
    CHECK_EQUAL(secmalloc_check(&counts), SECMALLOC_OK);
    CHECK_EQUAL(counts.faults, 0);
    for (int i = 0; i < BLOCKS; i++) {
        put_secret(blocks[i], sizes[i], 5000 + (uint64_t)i);
        if (i % 3 == 0) blocks[i] = need(srealloc(blocks[i], sizes[i] + (size_t)i % 700));
        CHECK(is_secret(blocks[i], sizes[i], 5000 + (uint64_t)i), "block %d", i);
        if (i % 2 == 0) {
            sfree(blocks[i]);
            blocks[i] = need(smalloc(sizes[i], 1));
            put_secret(blocks[i], sizes[i], 5000 + (uint64_t)i);
        }
        struct secmalloc_sensitive status = status_of(blocks[i]);
        uint32_t missing = status.wanted & ~status.in_force;
        if (status.why_not_locked == ENOMEM) missing &= ~(uint32_t)SECMALLOC_SENSITIVE_LOCKED;
        CHECK(missing == 0, "block %d, %zu bytes: wanted %x, in force %x", i, sizes[i],
              status.wanted, status.in_force);
    }
    CHECK_EQUAL(secmalloc_check(&counts), SECMALLOC_OK);
    CHECK_EQUAL(counts.faults, 0);
    /* a child's child */
    IN_CHILD({
        for (int i = 0; i < BLOCKS; i++) {
            check_zero(blocks[i], sizes[i], "a grandparent's secret");
            sfree(blocks[i]);
        }
    });
    for (int i = 0; i < BLOCKS; i++) sfree(blocks[i]);
}

/* The parent looks into a child that does nothing. */
static void look_into_child(void) {
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(0);
    }
    CHECK(places_of(getpid(), 1, NULL, 0) > 0, "the search is blind");
    for (uint64_t i = 0; i < 10; i++)
        CHECK(places_of(child, i, NULL, 0) == 0, "secret %d is in the child", (int)i);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* A fork of which no handler hears. */
static void fork_silently(void) {
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    CHECK(child >= 0, "no clone: errno %d", errno);
    if (child == 0) {
        for (int i = 0; i < BLOCKS; i++) {
            const volatile char *bytes = blocks[i];
            if (bytes[0] != 0 || bytes[sizes[i] - 1] != 0) _exit(2);
            sfree(blocks[i]);
        }
        _exit(0);
    }
    int ended;
    CHECK_EQUAL(waitpid(child, &ended, 0), child);
    CHECK(ended == 0, "the silent child ended with %#x", ended);
}

int main(void) {
    start_ours_only();
    make();
    IN_CHILD(use_in_child());
    look_into_child();
    fork_silently();
    for (int i = 0; i < BLOCKS; i++) {
        CHECK(is_secret(blocks[i], sizes[i], (uint64_t)i), "block %d changed", i);
        sfree(blocks[i]);
    }
    return PASSED;
}
