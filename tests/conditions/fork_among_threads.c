/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * fork while eight threads are inside malloc and free: the child allocates, frees blocks of the
 * parent's threads, and ends by exit, whose sweep finds nothing to accuse.
 * SECMALLOC_TEST_LONG in the environment: a thousand times.
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>

enum { THREADS = 8, FORKS = 60, LONG = 1000, PLACES = 64, SIZE = 100, CHILD_SECONDS = 60 };

static atomic_bool stop;
/* Blocks that are whole: written before they are here, out of here before they are freed. */
static _Atomic(unsigned char *) whole[THREADS][PLACES];

static size_t size_at(size_t thread, size_t place) { return SIZE + 37 * place + thread; }

static void *work(void *argument) {
    size_t own = (size_t)argument;
    uint64_t state = own + 1;
    void *held[50] = {NULL};
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        size_t place = next_number(&state) % PLACES, at = next_number(&state) % 50;
        free(atomic_exchange(&whole[own][place], NULL));
        unsigned char *block = need(malloc(size_at(own, place)));
        fill(block, size_at(own, place), (unsigned)own);
        atomic_store(&whole[own][place], block);
        free(held[at]);
        held[at] = need(malloc(some_size(&state)));
    }
    for (int i = 0; i < 50; i++) free(held[i]);
    return NULL;
}

static void child(unsigned round) {
    /* a child that hangs dies of this */
    alarm(CHILD_SECONDS);
    uint64_t state = round;
    void *held[50] = {NULL};
    for (int i = 0; i < 500; i++) {
        size_t at = next_number(&state) % 50;
        free(held[at]);
        held[at] = need(malloc(some_size(&state)));
    }
    for (size_t thread = 0; thread < THREADS; thread++) {
        for (size_t place = 0; place < PLACES; place++) {
            unsigned char *block = atomic_load(&whole[thread][place]);
            if (block) check_filled(block, size_at(thread, place), (unsigned)thread);
            free(block);
        }
    }
    exit(PASSED);
}

int main(void) {
    pthread_t threads[THREADS];
    unsigned forks = getenv("SECMALLOC_TEST_LONG") ? LONG : FORKS;
    start();
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, work, (void *)i), 0);
    for (unsigned round = 0; round < forks; round++) {
        pid_t id = fork();
        CHECK(id >= 0, "fork: errno %d", errno);
        if (id == 0) child(round);
        int status = 0;
        CHECK_EQUAL(waitpid(id, &status, 0), id);
        CHECK(status == 0, "fork %u: the child ended with status 0x%x%s", round, status,
              WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM ? " (it hung)" : "");
    }
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    for (size_t i = 0; i < THREADS; i++)
        for (size_t k = 0; k < PLACES; k++) free(whole[i][k]);
    return PASSED;
}
