/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * secmalloc_leak_check: in mid-run, beside threads that allocate, sleep and come and go, it counts what is lost and
 * nothing else, and the program goes on as before.
 */
#include "test.h"

#include <pthread.h>
#include <signal.h>

static struct secmalloc_leaks look(void) {
    struct secmalloc_leaks leaks = {.struct_size = sizeof leaks};
    CHECK_EQUAL(secmalloc_leak_check(&leaks), SECMALLOC_OK);
    CHECK_EQUAL(leaks.struct_size, sizeof leaks);
    return leaks;
}

struct node {
    struct node *next;
    size_t number;
};

static struct node *node(struct node *next) {
    struct node *made = need(malloc(sizeof *made));
    made->next = next;
    made->number = 0;
    return made;
}

static struct node *volatile held;
static volatile bool ends;
static int there;

__attribute__((noinline)) static void lose(void) {
    node(node(NULL));
    need(malloc(any(100000)));
}

__attribute__((noinline)) static void wipe(void) {
    volatile char below[16384];
    memset((void *)below, 0, sizeof below);
    launder((void *)below);
}

/* Allocates all the time; all that it has is on its stack, or in blocks. */
static void *busy(void *seed) {
    uint64_t state = (uintptr_t)seed;
    struct node *volatile own = NULL;
    void *volatile blocks[20] = {NULL};
    __atomic_add_fetch(&there, 1, __ATOMIC_SEQ_CST);
    while (!ends) {
        size_t at = next_number(&state) % 20;
        blocks[at] = realloc(blocks[at], some_size(&state) + 1);
        if (next_number(&state) % 100 < 50) own = node(own);
        else if (own) {
            struct node *first = own;
            own = first->next;
            free(first);
        }
    }
    for (int i = 0; i < 20; i++) free(blocks[i]);
    while (own) {
        struct node *first = own;
        own = first->next;
        free(first);
    }
    return NULL;
}

static void *asleep(void *unused) {
    struct node *volatile local = node(node(NULL));
    __atomic_add_fetch(&there, 1, __ATOMIC_SEQ_CST);
    while (!ends) usleep(1000);
    free(local->next);
    free(local);
    return unused;
}

static void *nothing(void *unused) {
    return unused;
}

static void *makes_others(void *unused) {
    __atomic_add_fetch(&there, 1, __ATOMIC_SEQ_CST);
    while (!ends) {
        pthread_t other;
        if (pthread_create(&other, NULL, nothing, NULL) == 0) pthread_join(other, NULL);
    }
    return unused;
}

int main(void) {
    start_ours_only();
    CHECK_EQUAL(secmalloc_leak_check(NULL), SECMALLOC_INVALID_ARGUMENT);
    struct secmalloc_leaks wrong = {.struct_size = sizeof wrong - 8};
    CHECK_EQUAL(secmalloc_leak_check(&wrong), SECMALLOC_INVALID_ARGUMENT);

    held = node(node(NULL));
    struct secmalloc_leaks before = look();
    CHECK(before.reachable_blocks >= 2 && before.reachable_bytes >= 32, "the list is not reachable");
    CHECK_EQUAL(before.threads_stopped, 0);
    lose();
    wipe();
    errno = 77;
    struct secmalloc_leaks after = look();
    CHECK_EQUAL(errno, 77);
    CHECK_EQUAL(after.lost_blocks, before.lost_blocks + 2);
    CHECK_EQUAL(after.lost_bytes, before.lost_bytes + 100016);
    CHECK_EQUAL(after.indirectly_lost_blocks, before.indirectly_lost_blocks + 1);
    CHECK_EQUAL(after.indirectly_lost_bytes, before.indirectly_lost_bytes + 16);
    held = NULL;
    wipe();
    CHECK_EQUAL(look().lost_blocks, before.lost_blocks + 3);

    enum { BUSY = 4, ASLEEP = 4, ALL = BUSY + ASLEEP + 1 };
    pthread_t threads[ALL];
    for (uintptr_t i = 0; i < ALL; i++) {
        void *(*work)(void *) = i < BUSY ? busy : i < BUSY + ASLEEP ? asleep : makes_others;
        CHECK_EQUAL(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    }
    while (__atomic_load_n(&there, __ATOMIC_SEQ_CST) < ALL) usleep(1000);
    /* A thread that frees the block behind a lost one has the lost one's address in a register: it is looked at
     * for an underflow. */
    uint64_t most = 0;
    for (int i = 0; i < 50; i++) {
        struct secmalloc_leaks leaks = look();
        CHECK(leaks.lost_blocks <= before.lost_blocks + 3, "%llu blocks lost", (unsigned long long)leaks.lost_blocks);
        CHECK(leaks.lost_blocks >= before.lost_blocks + 1, "%llu blocks lost", (unsigned long long)leaks.lost_blocks);
        if (leaks.lost_blocks > most) most = leaks.lost_blocks;
        CHECK(leaks.threads_stopped >= ALL, "%llu threads stopped", (unsigned long long)leaks.threads_stopped);
        CHECK_EQUAL(leaks.threads_running, 0);
    }
    CHECK_EQUAL(most, before.lost_blocks + 3);
    ends = true;
    for (int i = 0; i < ALL; i++) CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    /* as it was: the C library's own signal is the C library's */
    CHECK_EQUAL(setgid(getgid()), 0);
    CHECK_EQUAL(secmalloc_check(NULL), SECMALLOC_OK);
    return PASSED;
}
