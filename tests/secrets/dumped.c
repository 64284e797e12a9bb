/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Reads marks from a file, in records of 32 bytes: the first half into sensitive memory of all kinds, the second half
 * into memory of no protection; then crashes, or waits to be dumped. cores.py looks for them in the core.
 *
 * The kernel copies each mark straight to its place; no other copy is made here.
 */
#include <smalloc.h>

#include "secrets.h"

#include <pthread.h>
#include <signal.h>

enum { MARK = 32, MARKS = 1000, EACH = 100 };

struct mark {
    char bytes[MARK];
};

static int file;
static int next;

static struct mark sensitive_globals[EACH] SMALLOC_SENSITIVE;
static struct mark initialised_globals[EACH] SMALLOC_SENSITIVE = {{"begun"}};
static struct mark plain_globals[EACH];
static char *kept[2][MARKS];

static void read_mark(void *to, int which) {
    CHECK_EQUAL(pread(file, to, MARK, (off_t)which * MARK), MARK);
}

/* Blocks of all sizes, grown, shrunk, moved and freed, with the mark in the part that is lost too. */
static void fill_heap(int sensitive, int first) {
    for (int i = 0; i < EACH; i++) {
        kept[sensitive][next] = need(smalloc(MARK, sensitive));
        read_mark(kept[sensitive][next++], first + i);
    }
    for (int i = EACH; i < 2 * EACH; i++) {
        size_t size = (size_t)(i % 10) * 3000 + MARK;
        char *block = need(smalloc(size, sensitive));
        read_mark(block, first + i);
        block = need(srealloc(block, size * 3));
        kept[sensitive][next++] = need(srealloc(block, size * (size_t)(i % 7 + 1)));
    }
    for (int i = 2 * EACH; i < 3 * EACH; i++) {
        char *block = need(smalloc(100000 + (size_t)i * 1000, sensitive));
        read_mark(block + 50000, first + i);
        kept[sensitive][next++] = need(srealloc(block, 51000));
    }
    /* what is cut off, and what is freed: of ordinary memory, it is gone as well */
    for (int i = 3 * EACH; i < 4 * EACH; i++) {
        size_t size = (size_t)(i % 20) * 5000 + 100;
        char *block = need(smalloc(size, sensitive));
        read_mark(block + size - MARK, first + i);
        block = need(srealloc(block, size - MARK));
        if (!sensitive) {
            block = need(srealloc(block, size));
            read_mark(block + size - MARK, first + i);
        }
        kept[sensitive][next++] = block;
    }
    for (int i = 4 * EACH; i < 5 * EACH; i++) {
        char *block = need(smalloc((size_t)(i % 30) * 3000 + MARK, sensitive));
        read_mark(block, first + i);
        if (sensitive) sfree(block);
        else kept[sensitive][next++] = block;
    }
    next = 0;
}

static void fill_globals(void) {
    for (int i = 0; i < EACH; i++) {
        read_mark(&sensitive_globals[i], 5 * EACH + i);
        read_mark(&initialised_globals[i], 6 * EACH + i);
        read_mark(&plain_globals[i], MARKS + 5 * EACH + i);
    }
    char *more = need(malloc(EACH * MARK));
    for (int i = 0; i < EACH; i++) read_mark(more + i * MARK, MARKS + 6 * EACH + i);
    kept[0][MARKS - 1] = more;
}

/* A block that is left again: the mark is gone. */
__attribute__((noinline)) static void pass_by(int which) {
    SMALLOC_LOCAL(struct mark, local);
    read_mark(local, which);
    CHECK(local->bytes[0] != 0, "no mark");
}

static pthread_barrier_t filled;

static void *wait_with_secrets(void *unused) {
    SMALLOC_LOCAL_ARRAY(struct mark, locals, EACH);
    struct mark plain[EACH];
    for (int i = 0; i < EACH; i++) {
        read_mark(&locals[i], 7 * EACH + i);
        read_mark(&plain[i], MARKS + 7 * EACH + i);
    }
    launder(plain);
    pthread_barrier_wait(&filled);
    for (;;) pause();
    return unused;
}

int main(int count, char **arguments) {
    start_ours_only();
    CHECK(count == 3, "usage: dumped FILE segv|abort|wait");
    file = open(arguments[1], O_RDONLY);
    CHECK(file >= 0, "%s: errno %d", arguments[1], errno);
    fill_heap(1, 0);
    fill_heap(0, MARKS);
    fill_globals();
    pthread_t thread;
    CHECK_EQUAL(pthread_barrier_init(&filled, NULL, 2), 0);
    CHECK_EQUAL(pthread_create(&thread, NULL, wait_with_secrets, NULL), 0);
    pthread_barrier_wait(&filled);
    SMALLOC_LOCAL_ARRAY(struct mark, locals, EACH);
    struct mark plain[2 * EACH];
    for (int i = 0; i < EACH; i++) {
        read_mark(&locals[i], 8 * EACH + i);
        pass_by(9 * EACH + i);
        read_mark(&plain[i], MARKS + 8 * EACH + i);
        read_mark(&plain[EACH + i], MARKS + 9 * EACH + i);
    }
    launder(plain);
    if (strcmp(arguments[2], "segv") == 0) *(volatile char *)launder(NULL) = 1;
    if (strcmp(arguments[2], "abort") == 0) abort();
    puts("filled");
    fflush(stdout);
    pause();
    launder(plain);
    return PASSED;
}
