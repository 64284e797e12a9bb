/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * secmalloc_watch_secret and its relatives: what they refuse, how many fit, what is counted where the program goes on, and
 * that programs go on as before while secrets come and go in some threads, and blocks in others.
 */
#include "rerun.h"

#include <pthread.h>

enum { MOST = 64, LONGEST = 4096 };

static unsigned char secret[MOST + 1][LONGEST + 1];

static void make_secrets(void) {
    uint64_t state = (uint64_t)getpid();
    for (int i = 0; i <= MOST; i++)
        for (int at = 0; at <= LONGEST; at++) secret[i][at] = (unsigned char)next_number(&state);
}

static void arguments(void) {
    CHECK_EQUAL(secmalloc_watch_secret(NULL, 16), SECMALLOC_INVALID_ARGUMENT);
    CHECK_EQUAL(secmalloc_watch_secret(secret, 7), SECMALLOC_INVALID_ARGUMENT);
    CHECK_EQUAL(secmalloc_watch_secret(secret, LONGEST + 1), SECMALLOC_INVALID_ARGUMENT);
    CHECK_EQUAL(secmalloc_watch_secret(secret, SIZE_MAX), SECMALLOC_INVALID_ARGUMENT);
    static const unsigned char zeros[100];
    CHECK_EQUAL(secmalloc_watch_secret(zeros, sizeof zeros), SECMALLOC_INVALID_ARGUMENT);
    CHECK_EQUAL(secmalloc_unwatch_secret(secret, 32), SECMALLOC_INVALID_ARGUMENT);
    CHECK_EQUAL(secmalloc_unwatch_secret(NULL, 32), SECMALLOC_INVALID_ARGUMENT);

    struct secmalloc_residue seen = {.struct_size = sizeof seen - 1};
    CHECK_EQUAL(secmalloc_check_residue(SECMALLOC_RESIDUE_STACKS, &seen), SECMALLOC_INVALID_ARGUMENT);
    CHECK_EQUAL(secmalloc_check_residue(0, NULL), SECMALLOC_INVALID_ARGUMENT);
    CHECK_EQUAL(secmalloc_check_residue(4, NULL), SECMALLOC_INVALID_ARGUMENT);
}

static void room(void) {
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MOST; i++) {
            size_t size = (size_t)(i % 2 ? LONGEST : 8 + i);
            CHECK_EQUAL(secmalloc_watch_secret(secret[i], size), SECMALLOC_OK);
        }
        CHECK_EQUAL(secmalloc_watch_secret(secret[MOST], 32), SECMALLOC_UNAVAILABLE);
        for (int i = 0; i < MOST; i++) {
            size_t size = (size_t)(i % 2 ? LONGEST : 8 + i);
            CHECK_EQUAL(secmalloc_unwatch_secret(secret[i], size), SECMALLOC_OK);
            CHECK_EQUAL(secmalloc_unwatch_secret(secret[i], size), SECMALLOC_INVALID_ARGUMENT);
        }
    }
}

/* Run with secret-residue=report: what is found is counted, and the program goes on. */
static int counted(void) {
    make_secrets();
    CHECK_EQUAL(secmalloc_watch_secret(secret[0], 100), SECMALLOC_OK);
    CHECK_EQUAL(secmalloc_watch_secret(secret[0], 100), SECMALLOC_OK);
    CHECK_EQUAL(secmalloc_unwatch_secret(secret[0], 100), SECMALLOC_OK);
    unsigned char *small = need(malloc(300)), *large = need(malloc(200000)), *other = need(malloc(300));
    memcpy(small + 3, secret[0], 100);
    memcpy(large + 100000, secret[0], 100);
    memcpy(other, secret[0], 99);
    /* all but its last byte, whatever that byte is */
    other[99] = (unsigned char)~secret[0][99];
    struct secmalloc_residue seen = {.struct_size = sizeof seen};
    CHECK_EQUAL(secmalloc_check_residue(SECMALLOC_RESIDUE_BLOCKS, &seen), SECMALLOC_OK);
    CHECK_EQUAL(seen.blocks_found, 2);
    CHECK(seen.blocks >= 3, "%zu blocks", (size_t)seen.blocks);
    CHECK_EQUAL(seen.stacks, 0);
    CHECK_EQUAL(secmalloc_check_residue(SECMALLOC_RESIDUE_STACKS, &seen), SECMALLOC_OK);
    CHECK(seen.stacks == 1 && seen.blocks == 0, "%zu stacks", (size_t)seen.stacks);
    CHECK_EQUAL(seen.threads_running, 0);
    memset(large, 0, 200000);
    free(launder(large));
    free(launder(small));
    /* freed for all that: the slot rests, and is wiped */
    struct secmalloc_block block = {.struct_size = sizeof block};
    CHECK_EQUAL(secmalloc_describe(small, &block), SECMALLOC_OK);
    CHECK_EQUAL(block.state, SECMALLOC_STATE_FREED);
    return PASSED;
}

static int lines_of(const char *text, const char *sought) {
    int count = 0;
    for (const char *at = text; (at = strstr(at, sought)); at++) count++;
    return count;
}

/* No byte of the secret is in the message. */
static void said(void) {
    static char text[65536];
    struct rerun how = {.argument = "counted", .options = "secret-residue=report", .stream = 2};
    int status = rerun(&how, text, sizeof text);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == PASSED, "%s", text);
    CHECK_EQUAL(lines_of(text, ": secret-residue: "), 3);
    CHECK_EQUAL(lines_of(text, ": secret-residue: free: 300-byte block freed "), 1);
    CHECK_EQUAL(lines_of(text, "the program goes on (policy)"), 3);
}

static volatile bool ends;

static void *worker(void *seed) {
    uint64_t state = (uintptr_t)seed;
    void *held[50] = {NULL};
    while (!ends) {
        size_t at = next_number(&state) % 50;
        held[at] = realloc(held[at], some_size(&state) + 1);
    }
    for (int i = 0; i < 50; i++) free(held[i]);
    return NULL;
}

static void *watcher(void *number) {
    unsigned char *own = secret[(uintptr_t)number];
    for (int i = 0; i < 300; i++) {
        CHECK_EQUAL(secmalloc_watch_secret(own, 32), SECMALLOC_OK);
        free(launder(malloc(any(100))));
        CHECK_EQUAL(secmalloc_unwatch_secret(own, 32), SECMALLOC_OK);
    }
    return NULL;
}

static void *look(void *unused) {
    for (int i = 0; i < 10; i++) {
        struct secmalloc_residue seen = {.struct_size = sizeof seen};
        CHECK_EQUAL(secmalloc_check_residue(3, &seen), SECMALLOC_OK);
        CHECK(seen.stacks_found == 0 && seen.blocks_found == 0, "a find");
    }
    return unused;
}

static void together(void) {
    pthread_t threads[7];
    for (uintptr_t i = 0; i < 3; i++) pthread_create(&threads[i], NULL, worker, (void *)(i + 7));
    for (uintptr_t i = 3; i < 6; i++) pthread_create(&threads[i], NULL, watcher, (void *)i);
    pthread_create(&threads[6], NULL, look, NULL);
    for (int i = 3; i < 7; i++) pthread_join(threads[i], NULL);
    ends = true;
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    struct secmalloc_counts counts = {.struct_size = sizeof counts};
    CHECK_EQUAL(secmalloc_check(&counts), SECMALLOC_OK);
    CHECK_EQUAL(counts.faults, 0);
}

int main(int count, char **arguments_) {
    if (count > 1 && strcmp(arguments_[1], "counted") == 0) return counted();
    make_secrets();
    arguments();
    room();
    said();
    together();
    return PASSED;
}
