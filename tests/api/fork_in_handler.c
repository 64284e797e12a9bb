/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A signal handler that forks, as POSIX allowed until 2024: the signal may come while this very
 * thread is inside malloc, where glibc's own heap then waits for itself for ever.  Neither parent
 * nor child may wait for a lock that its own thread holds, and the interrupted call goes on as if
 * nothing had been, in both.
 */
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/time.h>
#include <time.h>

enum { FORKS = 300, HELD = 200, LIMIT_SECONDS = 60 };

static volatile sig_atomic_t forks;
static volatile sig_atomic_t in_child;
static volatile sig_atomic_t broken;
static atomic_bool stop;

static void handler(int signal) {
    (void)signal;
    if (in_child || forks >= FORKS) return;
    int saved = errno, status = 0;
    forks++;
    pid_t id = fork();
    if (id == 0) {
        /* returns into the interrupted call, in the child; main ends it soon */
        in_child = 1;
        return;
    }
    if (id < 0 || waitpid(id, &status, 0) != id || status != 0) broken = 1;
    errno = saved;
}

static void churn(uint64_t *state, int count) {
    static __thread void *held[HELD];
    for (int i = 0; i < count; i++) {
        size_t at = next_number(state) % HELD, size = some_size(state);
        free(held[at]);
        held[at] = need(malloc(size));
        memset(held[at], 1, size);
    }
}

static void *work(void *number) {
    uint64_t state = (uintptr_t)number;
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) churn(&state, 100);
    return NULL;
}

int main(void) {
    pthread_t other;
    sigset_t alarm_only;
    start_ours_only();
    /* the handler runs in the main thread only; the other one holds locks at the same time */
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    pthread_sigmask(SIG_BLOCK, &alarm_only, NULL);
    CHECK_EQUAL(pthread_create(&other, NULL, work, (void *)7), 0);
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &alarm_only, NULL);
    struct itimerval often = {{0, 1500}, {0, 1500}};
    setitimer(ITIMER_REAL, &often, NULL);

    uint64_t state = 3;
    time_t end = time(NULL) + LIMIT_SECONDS;
    while (forks < FORKS && !broken) {
        churn(&state, 20);
        if (in_child) {
            churn(&state, 50);
            _exit(PASSED);
        }
        CHECK(time(NULL) < end, "only %d forks in %d s", (int)forks, LIMIT_SECONDS);
    }
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    if (in_child) _exit(PASSED);
    CHECK(!broken, "fork %d: it failed, or its child did not end well", (int)forks);
    atomic_store(&stop, true);
    pthread_join(other, NULL);
    return PASSED;
}
