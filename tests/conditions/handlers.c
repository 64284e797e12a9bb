/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Signal handlers that allocate, at a high rate, while four threads allocate. Where the handler
 * interrupted neither malloc nor free, it gets memory. Where it did interrupt one it may get none, but it
 * never waits for ever, and no block is ever given out twice.
 */
#include "rerun.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

enum { THREADS = 4, SIGNALS = 30000, HELD = 40, HANDLERS = 64, LIMIT_SECONDS = 100 };

static atomic_int calls, refused, bad;
static atomic_bool stop;
static __thread unsigned number;
static __thread volatile sig_atomic_t outside;
static __thread unsigned char *kept[HANDLERS];
static __thread unsigned turn;

/* Mostly of the class that the threads use most. */
static size_t size_in(unsigned at) { return at % 8 ? 100 : at % 16 ? 3000 : 90000; }

static bool is_filled(const unsigned char *block, size_t size, unsigned seed) {
    for (size_t i = 0; i < size; i += 7)
        if (block[i] != pattern(i, seed)) return false;
    return true;
}

static void handler(int signal) {
    (void)signal;
    int saved = errno;
    unsigned at = turn++ % HANDLERS;
    atomic_fetch_add(&calls, 1);
    if (kept[at] && !is_filled(kept[at], size_in(at), at)) atomic_store(&bad, 1);
    free(kept[at]);
    kept[at] = launder(malloc(size_in(at)));
    if (kept[at]) {
        fill(kept[at], size_in(at), at);
    } else {
        atomic_fetch_add(&refused, 1);
        if (outside) atomic_store(&bad, 2);
    }
    errno = saved;
}

static void *work(void *argument) {
    unsigned char *held[HELD] = {NULL};
    size_t sizes[HELD] = {0};
    uint64_t state = number = (unsigned)(uintptr_t)argument;
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF};
    /* its name before glibc 2.41 */
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    CHECK_EQUAL(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    struct itimerspec often = {{0, 50000 + 1000 * (long)state}, {0, 50000}};
    CHECK_EQUAL(timer_settime(timer, 0, &often, NULL), 0);
    while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
        size_t at = next_number(&state) % HELD;
        if (held[at]) CHECK(is_filled(held[at], sizes[at], number), "a block of a thread is broken");
        free(held[at]);
        sizes[at] = at % 4 ? 100 : some_size(&state) % 20000 + 1;
        if (sizes[at] % 3) {
            held[at] = need(malloc(sizes[at]));
        } else {
            held[at] = need(realloc(need(malloc(any(30))), sizes[at]));
        }
        fill(held[at], sizes[at], number);
        if (at == 0) {
            /* the signal arrives before the call returns */
            outside = 1;
            pthread_kill(pthread_self(), SIGPROF);
            outside = 0;
        }
    }
    sigset_t all;
    timer_delete(timer);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, NULL);
    for (int i = 0; i < HELD; i++) free(held[i]);
    for (int i = 0; i < HANDLERS; i++) free(kept[i]);
    return NULL;
}

static int run(void) {
    pthread_t threads[THREADS];
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGPROF, &action, NULL);
    for (size_t i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
    for (int waited = 0; atomic_load(&calls) < SIGNALS && !bad; waited++) {
        CHECK(waited < LIMIT_SECONDS * 100, "it hangs after %d signals", atomic_load(&calls));
        usleep(10000);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    CHECK(bad != 1, "a block of a handler is broken");
    CHECK(bad != 2, "no memory, where neither malloc nor free was interrupted");
    CHECK(refused < calls / 2, "%d of %d handlers had no memory", (int)refused, (int)calls);
    if (getenv("SECMALLOC_TEST_TELL")) printf("%d of %d refused\n", (int)refused, (int)calls);
    struct secmalloc_counts counts = {.struct_size = sizeof counts};
    CHECK_EQUAL(secmalloc_check(&counts), SECMALLOC_OK);
    CHECK_EQUAL(counts.faults, 0);
    return PASSED;
}

int main(int argc, char **argv) {
    char text[4096];
    start_ours_only();
    if (argc > 1) return strcmp(argv[1], "run") == 0 ? run() : FAILED;
    struct rerun how = {.argument = "run", .stream = 2};
    int status = rerun(&how, text, sizeof text);
    CHECK(status == 0, "status 0x%x: %s", status, text);
    return PASSED;
}
