/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * With access windows, secrets are out of reach but between open and close; all functions work outside of
 * windows too, and every check.
 */
#include <smalloc.h>

#include "../api/rerun.h"
#include "secrets.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

enum { BLOCKS = 800 };

static sigjmp_buf out;
static unsigned char global[64] SMALLOC_SENSITIVE = "a global";

static void leave(int signal) {
    (void)signal;
    siglongjmp(out, 1);
}

static bool can_reach(const volatile void *at) {
    volatile bool reached = false;
    if (sigsetjmp(out, 1) == 0) {
        (void)*(const volatile char *)at;
        reached = true;
    }
    return reached;
}

static void *try_from_thread(void *block) {
    return can_reach(block) ? block : NULL;
}

static bool thread_can_reach(void *block) {
    pthread_t thread;
    void *answer;
    CHECK_EQUAL(pthread_create(&thread, NULL, try_from_thread, block), 0);
    CHECK_EQUAL(pthread_join(thread, &answer), 0);
    return answer != NULL;
}

static void check_windows(void) {
    static char *blocks[BLOCKS];
    static size_t sizes[BLOCKS];
    uint64_t state = 9;
    for (int i = 0; i < BLOCKS; i++) {
        sizes[i] = i % 100 == 0 ? 70000 + (size_t)i : 1 + next_number(&state) % 4000;
        blocks[i] = need(smalloc(sizes[i], 1));
        CHECK(!can_reach(blocks[i]), "block %d of %zu bytes can be reached", i, sizes[i]);
    }
    CHECK(!can_reach(global), "the global can be reached");
    CHECK_EQUAL(secmalloc_sensitive_open(), SECMALLOC_OK);
    CHECK_EQUAL(secmalloc_sensitive_open(), SECMALLOC_OK);
    CHECK(can_reach(global) && memcmp(global, "a global", 8) == 0, "the global cannot be reached");
    for (int i = 0; i < BLOCKS; i++) put_secret(blocks[i], sizes[i], (uint64_t)i);
    CHECK_EQUAL(secmalloc_sensitive_close(), SECMALLOC_OK);
    CHECK(can_reach(blocks[5]) && thread_can_reach(blocks[5]), "the outer window is closed");
    CHECK_EQUAL(secmalloc_sensitive_close(), SECMALLOC_OK);
    CHECK_EQUAL(secmalloc_sensitive_close(), SECMALLOC_UNAVAILABLE);
    for (int i = 0; i < BLOCKS; i++) CHECK(!can_reach(blocks[i]), "block %d can be reached again", i);
    CHECK(!thread_can_reach(blocks[5]), "another thread reaches a secret");
    /* all that the heap does itself */
    struct secmalloc_counts counts = {.struct_size = sizeof counts};
    CHECK_EQUAL(secmalloc_check(&counts), SECMALLOC_OK);
    CHECK_EQUAL(counts.faults, 0);
    for (int i = 0; i < BLOCKS; i++) {
        CHECK_EQUAL(malloc_usable_size(blocks[i]), sizes[i]);
        struct secmalloc_sensitive status = status_of(blocks[i]);
        CHECK((status.wanted & ~status.in_force) == 0 || status.why_not_locked == ENOMEM, "block %d: %#x of %#x", i,
              status.in_force, status.wanted);
        if (i % 3 == 0) blocks[i] = need(srealloc(blocks[i], sizes[i] * 2));
        if (i % 5 == 0) {
            sfree(blocks[i]);
            blocks[i] = NULL;
        }
    }
    malloc_trim(0);
    struct secmalloc_leaks leaks = {.struct_size = sizeof leaks};
    CHECK_EQUAL(secmalloc_leak_check(&leaks), SECMALLOC_OK);
    CHECK_EQUAL(secmalloc_sensitive_open(), SECMALLOC_OK);
    for (int i = 0; i < BLOCKS; i++)
        CHECK(blocks[i] == NULL || is_secret(blocks[i], sizes[i], (uint64_t)i), "block %d changed", i);
    CHECK_EQUAL(secmalloc_sensitive_close(), SECMALLOC_OK);
    IN_CHILD({
        CHECK(!can_reach(blocks[1]), "a child reaches a secret");
        CHECK_EQUAL(secmalloc_sensitive_open(), SECMALLOC_OK);
        check_zero(blocks[1], sizes[1], "a parent's secret");
        CHECK_EQUAL(secmalloc_sensitive_close(), SECMALLOC_OK);
        for (int i = 0; i < BLOCKS; i++) sfree(blocks[i]);
    });
    for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
}

/* Windows of several threads, and blocks made and freed meanwhile. */
static void *work(void *number) {
    uint64_t state = (uint64_t)(uintptr_t)number;
    for (int i = 0; i < 300; i++) {
        size_t size = 1 + next_number(&state) % 3000;
        char *block = need(smalloc(size, 1));
        CHECK_EQUAL(secmalloc_sensitive_open(), SECMALLOC_OK);
        put_secret(block, size, state);
        CHECK(is_secret(block, size, state), "a secret changed");
        CHECK_EQUAL(secmalloc_sensitive_close(), SECMALLOC_OK);
        free(need(malloc(size)));
        sfree(block);
    }
    return NULL;
}

static void check_threads(void) {
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++) CHECK_EQUAL(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    for (int i = 0; i < 4; i++) CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
}

int main(int count, char **arguments) {
    start_ours_only();
    signal(SIGSEGV, leave);
    if (count == 1) {
        /* without the option, windows count and nothing more */
        char *block = need(smalloc(10, 1));
        CHECK(can_reach(block) && can_reach(global), "out of reach without the option");
        CHECK_EQUAL(secmalloc_sensitive_close(), SECMALLOC_UNAVAILABLE);
        CHECK_EQUAL(secmalloc_sensitive_open(), SECMALLOC_OK);
        CHECK_EQUAL(secmalloc_sensitive_close(), SECMALLOC_OK);
        CHECK(can_reach(block), "out of reach after a window without the option");
        sfree(block);
        char text[4096];
        struct rerun how = {.argument = "windows", .options = "sensitive_access=window", .stream = 2};
        int ended = rerun(&how, text, sizeof text);
        CHECK(ended == 0, "with windows, it ended with %#x: %s", ended, text);
        (void)arguments;
        return PASSED;
    }
    check_windows();
    check_threads();
    return PASSED;
}
