/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * fork while other threads are inside malloc: the child, which has only one thread, must find no
 * lock held for ever and no half-done change, and blocks of the parent are its own now.
 */
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

enum { THREADS = 4, FORKS = 200, HELD = 300, CHILD_SECONDS = 100 };

static atomic_bool stop;

static void churn(uint64_t *state, int count) {
    void *held[50] = {NULL};
    for (int i = 0; i < count; i++) {
        int at = i % 50;
        size_t size = some_size(state);
        free(held[at]);
        held[at] = i % 9 ? malloc(size) : calloc(1, size);
        held[at] = need(held[at]);
        if (i % 5 == 0) held[at] = need(realloc(held[at], size + 40));
    }
    for (int i = 0; i < 50; i++) free(held[i]);
}

static void *work(void *number) {
    uint64_t state = (uintptr_t)number;
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) churn(&state, 200);
    return NULL;
}

static void *once(void *number) {
    uint64_t state = (uintptr_t)number;
    churn(&state, 300);
    return NULL;
}

static void child(int round, unsigned char **held) {
    /* a child that hangs dies of this */
    alarm(CHILD_SECONDS);
    uint64_t state = (uint64_t)round;
    churn(&state, 1000);
    for (int i = 0; i < HELD; i++) {
        check_filled(held[i], 100, (unsigned)i);
        held[i] = need(realloc(held[i], 500));
        check_filled(held[i], 100, (unsigned)i);
        free(held[i]);
    }
    if (round % 10 == 0) {
        pthread_t id;
        CHECK_EQUAL(pthread_create(&id, NULL, once, NULL), 0);
        pthread_join(id, NULL);
    }
    if (round % 20 == 0) {
        /* a child of the child */
        pid_t inner = fork();
        if (inner == 0) {
            churn(&state, 300);
            _exit(PASSED);
        }
        int status;
        CHECK(waitpid(inner, &status, 0) == inner && status == 0, "grandchild: status %x", status);
    }
    /* every other one leaves by exit, with all that is done then */
    if (round % 2) exit(PASSED);
    _exit(PASSED);
}

static void fork_often(int count, unsigned char **held) {
    for (int round = 0; round < count; round++) {
        pid_t id = fork();
        CHECK(id >= 0, "fork: errno %d", errno);
        if (id == 0) child(round, held);
        int status = 0;
        CHECK(waitpid(id, &status, 0) == id, "waitpid: errno %d", errno);
        CHECK(status == 0, "fork %d: the child ended with status 0x%x%s", round, status,
              WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? " (it hung)" : "");
    }
}

static void *fork_in_thread(void *held) {
    fork_often(FORKS / 4, held);
    return NULL;
}

int main(void) {
    static unsigned char *held[HELD];
    pthread_t threads[THREADS], forker;
    start();
    for (int i = 0; i < HELD; i++) {
        held[i] = need(malloc(100));
        fill(held[i], 100, (unsigned)i);
    }
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    fork_often(FORKS, held);
    CHECK_EQUAL(pthread_create(&forker, NULL, fork_in_thread, held), 0);
    pthread_join(forker, NULL);
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < HELD; i++) {
        check_filled(held[i], 100, (unsigned)i);
        free(held[i]);
    }
    return PASSED;
}
