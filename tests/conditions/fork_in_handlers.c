/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Signal handlers that fork, in several threads at once, each interrupted wherever it was: inside
 * malloc, inside free, inside another thread's way. One thread has no heap of its own any more, since
 * it is past the end of its life as far as the heap knows. No thread waits for ever, and in the child
 * the interrupted call goes on. Also where address space is short, and where all threads share one heap.
 * SECMALLOC_TEST_LONG in the environment: ten times as many.
 */
#include "rerun.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

enum { THREADS = 4, FORKS = 100, HELD = 100, LIMIT_SECONDS = 200 };

static atomic_int forks, broken;
static int wanted = FORKS;
static atomic_bool stop;
static __thread volatile sig_atomic_t in_child;

static void handler(int signal) {
    (void)signal;
    if (in_child || atomic_fetch_add(&forks, 1) >= wanted) return;
    int saved = errno, status = 0;
    pid_t id = fork();
    if (id == 0) {
        /* goes back into the interrupted call; the thread ends the child soon */
        in_child = 1;
        alarm(60);
        return;
    }
    if (id < 0 || waitpid(id, &status, 0) != id || status != 0) atomic_store(&broken, status | 1);
    errno = saved;
}

/* Sizes of which a thread has few at hand: most calls take a lock. */
static void churn(uint64_t *state, void **held, int count) {
    for (int i = 0; i < count; i++) {
        size_t at = next_number(state) % HELD;
        size_t size = next_number(state) % (i % 16 ? 9000 : 100000) + 1;
        free(held[at]);
        held[at] = need(malloc(size));
        memset(held[at], 1, size < 64 ? size : 64);
    }
}

static void work(uint64_t state) {
    void *held[HELD] = {NULL};
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN};
    /* its name before glibc 2.41 */
    event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    CHECK_EQUAL(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
    struct itimerspec often = {{0, 1000000 + 50000 * (long)state}, {0, 1000000}};
    CHECK_EQUAL(timer_settime(timer, 0, &often, NULL), 0);
    while (!atomic_load(&stop) || in_child) {
        churn(&state, held, 20);
        if (in_child) {
            churn(&state, held, 200);
            _exit(PASSED);
        }
    }
    timer_delete(timer);
    if (in_child) _exit(PASSED);
    for (int i = 0; i < HELD; i++) free(held[i]);
}

static void *thread(void *number) {
    work((uintptr_t)number);
    return NULL;
}

/* The destructor of a value runs after the heap has passed this thread's own part on. */
static void after_the_end(void *number) { work((uintptr_t)number); }

static void *ends_at_once(void *key) {
    free(need(malloc(any(10))));
    pthread_setspecific(*(pthread_key_t *)key, (void *)(uintptr_t)THREADS);
    return NULL;
}

static int run(void) {
    pthread_t threads[THREADS];
    pthread_key_t key;
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    if (getenv("SECMALLOC_TEST_LONG")) wanted = 10 * FORKS;
    sigaction(SIGRTMIN, &action, NULL);
    CHECK_EQUAL(pthread_key_create(&key, after_the_end), 0);
    for (size_t i = 0; i < THREADS - 1; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, thread, (void *)(i + 1)), 0);
    CHECK_EQUAL(pthread_create(&threads[THREADS - 1], NULL, ends_at_once, &key), 0);
    for (int waited = 0; atomic_load(&forks) < wanted && !atomic_load(&broken); waited++) {
        CHECK(waited < LIMIT_SECONDS * 100, "it hangs after %d forks", atomic_load(&forks));
        usleep(10000);
    }
    atomic_store(&stop, true);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    CHECK(!broken, "a fork failed, or its child did not end well: 0x%x", atomic_load(&broken));
    return PASSED;
}

static void limit_space(void) {
    struct rlimit both = {(rlim_t)2 << 30, (rlim_t)2 << 30};
    if (setrlimit(RLIMIT_AS, &both) != 0) _exit(125);
}

int main(int argc, char **argv) {
    char text[4096];
    start_ours_only();
    if (argc > 1) return strcmp(argv[1], "run") == 0 ? run() : FAILED;
    struct rerun ways[] = {
        {.argument = "run", .stream = 2},
        {.argument = "run", .stream = 2, .prepare = limit_space},
        {.argument = "run", .stream = 2, .options = "guard_all=yes"},
    };
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        int status = rerun(&ways[i], text, sizeof text);
        CHECK(status == 0, "way %zu: status 0x%x: %s", i, status, text);
    }
    return PASSED;
}
