/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Signal handlers use the sensitive stack, wherever they come: between any two instructions of a push or a pop, and in
 * the middle of making a stack.
 */
#include "vault.h"

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>

static volatile sig_atomic_t came, stop;

static void handler(int signal) {
    (void)signal;
    SMALLOC_LOCAL_ARRAY(unsigned char, bytes, 200);
    check_zero(bytes, 200, "a handler's local");
    memset(bytes, 0xee, 200);
    {
        SMALLOC_LOCAL(long, inner);
        CHECK(*inner == 0, "a handler's second local");
        *inner = -1;
    }
    came++;
    if (came >= 3000) stop = 1;
}

static void use(size_t size, unsigned seed) {
    SMALLOC_LOCAL(long, number);
    CHECK(*number == 0, "a new local is %lx", *number);
    *number = seed;
    SMALLOC_LOCAL_ARRAY(unsigned char, bytes, size);
    check_zero(bytes, size, "a new local");
    fill(bytes, size, seed);
    check_filled(bytes, size, seed);
    CHECK_EQUAL(*number, seed);
}

static void *new_thread(void *other) {
    use(20, 3);
    pthread_kill(*(pthread_t *)other, SIGALRM);
    pthread_kill(pthread_self(), SIGALRM);
    use(20, 4);
    return NULL;
}

int main(void) {
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
    struct itimerval often = { { 0, 50 }, { 0, 50 } }, never = { { 0, 0 }, { 0, 0 } };
    pthread_t self = pthread_self();
    sigaction(SIGALRM, &action, NULL);
    /* Without the library each local is from malloc, which handlers may not call. */
    if (is_plain()) return 0;
    setitimer(ITIMER_REAL, &often, NULL);
    for (unsigned i = 0; !stop; i++) use(i % 70 + 1, i);
    stop = came = 0;
    for (unsigned i = 0; i < 300; i++) {
        pthread_t thread;
        CHECK_EQUAL(pthread_create(&thread, NULL, new_thread, &self), 0);
        use(33, i);
        CHECK_EQUAL(pthread_join(thread, NULL), 0);
    }
    setitimer(ITIMER_REAL, &never, NULL);
    return 0;
}
