/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A process with threads forks, its child makes threads and forks, and so on: threads of late
 * generations have heaps of their own all the same, where the heap has few to give. A
 * large block knows whose heap it came from; that of number 0, which is shared, is no thread's for long.
 */
#include "rerun.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>

enum { GENERATIONS = 60, THREADS = 8, STACK = 64 * 1024 };

static pthread_barrier_t together;
static int to_go;

static void *work(void *unused) {
    void *block = need(malloc(any(LARGE)));
    struct secmalloc_block of = {.struct_size = sizeof of};
    CHECK_EQUAL(secmalloc_describe(block, &of), SECMALLOC_OK);
    CHECK(of.thread == syscall(SYS_gettid), "%d to go: thread %u of the heap is %ld", to_go, of.thread, syscall(SYS_gettid));
    pthread_barrier_wait(&together);
    /* they live on while the process forks */
    pthread_barrier_wait(&together);
    free(block);
    return unused;
}

static int generation(int left) {
    pthread_t threads[THREADS];
    pthread_attr_t small;
    to_go = left;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, STACK);
    pthread_barrier_init(&together, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        CHECK_EQUAL(pthread_create(&threads[i], &small, work, NULL), 0);
    pthread_barrier_wait(&together);
    int status = 0;
    if (left > 0) {
        pid_t child = fork();
        CHECK(child >= 0, "fork: errno %d", errno);
        if (child == 0) _exit(generation(left - 1));
        CHECK_EQUAL(waitpid(child, &status, 0), child);
    }
    pthread_barrier_wait(&together);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    return status == 0 ? PASSED : FAILED;
}

static void limit_space(void) {
    struct rlimit both = {(rlim_t)192 << 20, (rlim_t)192 << 20};
    if (setrlimit(RLIMIT_AS, &both) != 0) _exit(125);
}

int main(int argc, char **argv) {
    char text[4096];
    start_ours_only();
    if (argc > 1) return strcmp(argv[1], "run") == 0 ? generation(GENERATIONS) : FAILED;
    struct rerun how = {.argument = "run", .stream = 2, .prepare = limit_space};
    int status = rerun(&how, text, sizeof text);
    CHECK(status == 0, "status 0x%x: %s", status, text);
    return PASSED;
}
