/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every way to make a process: vfork, posix_spawn, clone with and without the C library's help, _Fork, a
 * daemon's two forks, a child that executes another program. From a process with one thread, as
 * those that pass by the fork handlers demand, the child may allocate.
 */
#include "test.h"

#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/syscall.h>

extern char **environ;

enum { BLOCKS = 500, HELD = 50 };

static unsigned char *held[HELD];

/* Allocates, frees own blocks and the parent's. */
static void use_the_heap(void) {
    uint64_t state = (uint64_t)getpid();
    void *own[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) own[i] = need(malloc(some_size(&state)));
    for (int i = 0; i < HELD; i++) {
        check_filled(held[i], 200, (unsigned)i);
        held[i] = need(realloc(held[i], 3000));
        free(held[i]);
    }
    for (int i = 0; i < BLOCKS; i++) free(own[i]);
}

static void wait_for(pid_t child, const char *what) {
    int status = 0;
    CHECK(child > 0, "%s: errno %d", what, errno);
    /* __WALL: also those that were made without SIGCHLD */
    CHECK(waitpid(child, &status, __WALL) == child, "%s: waitpid: errno %d", what, errno);
    CHECK(status == 0, "%s: the child ended with status 0x%x", what, status);
}

static int in_clone(void *unused) {
    (void)unused;
    use_the_heap();
    exit(PASSED);
}

static void raw_clone(void) {
    /* No stack, no CLONE_VM: as fork, but past the C library. */
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) in_clone(NULL);
    wait_for(child, "SYS_clone");
}

static void libc_clone(void) {
    char *stack = need(malloc(any(256 * 1024)));
    wait_for(clone(in_clone, stack + 256 * 1024, SIGCHLD, NULL), "clone");
    free(stack);
}

static void plain_fork_call(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 34)
    pid_t child = _Fork();
    if (child == 0) in_clone(NULL);
    wait_for(child, "_Fork");
#endif
}

static void vfork_and_exec(char *program) {
    char *arguments[] = {program, (char[]){"use"}, NULL};
    pid_t child = vfork();
    if (child == 0) {
        execv("/proc/self/exe", arguments);
        _exit(126);
    }
    wait_for(child, "vfork");
}

static void spawn(char *program) {
    char *arguments[] = {program, (char[]){"use"}, NULL};
    pid_t child = 0;
    CHECK_EQUAL(posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ), 0);
    wait_for(child, "posix_spawn");
}

static void fork_and_exec(char *program) {
    pid_t child = fork();
    if (child == 0) {
        char *name = need(malloc(any(100)));
        strcpy(name, "/proc/self/exe");
        execl(name, program, "use", (char *)NULL);
        _exit(126);
    }
    wait_for(child, "fork and exec");
}

static void become_a_daemon(void) {
    int ends[2];
    char told = FAILED;
    CHECK_EQUAL(pipe(ends), 0);
    pid_t first = fork();
    if (first == 0) {
        free(need(malloc(any(100))));
        CHECK(setsid() > 0, "setsid: errno %d", errno);
        pid_t second = fork();
        if (second != 0) _exit(second > 0 ? PASSED : FAILED);
        int null = open("/dev/null", O_RDWR);
        dup2(null, 0);
        dup2(null, 1);
        use_the_heap();
        told = PASSED;
        _exit(write(ends[1], &told, 1) == 1 ? PASSED : FAILED);
    }
    close(ends[1]);
    wait_for(first, "the daemon's first process");
    CHECK(read(ends[0], &told, 1) == 1 && told == PASSED, "the daemon did not end well");
    close(ends[0]);
}

int main(int argc, char **argv) {
    start();
    for (int i = 0; i < HELD; i++) {
        held[i] = need(malloc(any(200)));
        fill(held[i], 200, (unsigned)i);
    }
    if (argc > 1) {
        use_the_heap();
        return PASSED;
    }
    alarm(120);
    raw_clone();
    libc_clone();
    plain_fork_call();
    vfork_and_exec(argv[0]);
    spawn(argv[0]);
    fork_and_exec(argv[0]);
    become_a_daemon();
    use_the_heap();
    return PASSED;
}
