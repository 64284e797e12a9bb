/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A sandbox that kills for every system call but those of README's list and the few that libc
 * needs to start a program, to make and end threads, and to end: all functions, threads, a fault's
 * message and its signal, and normal exit with its sweep.
 */
#include "../api/rerun.h"
#include "seccomp.h"
#include "work.h"

#include <pthread.h>
#include <signal.h>

#ifndef SYS_mseal
#define SYS_mseal 462
#endif
#ifndef SYS_rseq
#define SYS_rseq 334
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif

#define CALL(name) {SYS_##name, ANY_ARGUMENT}

static const struct rule allowed[] = {
    /* README's list, which tests/limits/system_calls.py compares with what strace sees */
    CALL(mmap), CALL(munmap), CALL(mprotect), CALL(mremap), CALL(madvise), CALL(mincore), CALL(mseal),
    CALL(fcntl), CALL(futex), CALL(getrandom), CALL(gettid), CALL(getpid), CALL(clock_gettime), CALL(prlimit64),
    CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(rt_sigtimedwait), CALL(restart_syscall), CALL(sched_yield), CALL(tgkill),
    CALL(write), CALL(openat), CALL(read), CALL(close),
    /* libc: start and dynamic linking */
    CALL(execve), CALL(brk), CALL(access), CALL(newfstatat), CALL(fstat), CALL(pread64),
    CALL(arch_prctl), CALL(set_tid_address), CALL(set_robust_list), CALL(rseq), CALL(readlink),
    CALL(readlinkat), CALL(uname),
    /* libc: threads */
    CALL(clone), CALL(clone3), CALL(exit),
    /* libc: the end, and a handler's return */
    CALL(exit_group), CALL(rt_sigreturn),
};

static void confine(void) {
    filter_calls(allowed, sizeof allowed / sizeof allowed[0], SECCOMP_RET_ALLOW,
                 SECCOMP_RET_KILL_PROCESS);
}

static void *in_thread(void *seed) {
    work((uint64_t)(uintptr_t)seed);
    return NULL;
}

static void all_functions(void) {
    char text[1024];
    void *out = NULL;
    struct secmalloc_block block = {.struct_size = sizeof block};
    work(1);
    free(need(aligned_alloc(64, any(100))));
    free(need(memalign(any(8192), any(100))));
    free(need(valloc(any(100))));
    free(need(pvalloc(any(100))));
    free_sized(need(malloc(any(30))), 30);
    free_aligned_sized(need(aligned_alloc(128, any(256))), 128, 256);
    cfree(need(reallocarray(NULL, 3, any(50))));
    CHECK_EQUAL(posix_memalign(&out, 256, any(1000)), 0);
    CHECK_EQUAL(malloc_usable_size(out), 1000);
    CHECK_EQUAL(secmalloc_describe(out, &block), SECMALLOC_OK);
    free(out);
    CHECK_EQUAL(secmalloc_option("policy", text, sizeof text), SECMALLOC_OK);
    CHECK_EQUAL(secmalloc_status(text, sizeof text), SECMALLOC_OK);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    (void)mallinfo2();
    malloc_stats();
    malloc_trim(0);
    pthread_t threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        CHECK_EQUAL(pthread_create(&threads[i], NULL, in_thread, (void *)(i + 2)), 0);
    for (int i = 0; i < 4; i++) CHECK_EQUAL(pthread_join(threads[i], NULL), 0);
    CHECK(malloc(any(PTRDIFF_MAX / 2)) == NULL, "half of all addresses were granted");
}

static int confined(const char *what) {
    static int foreign[8];
    char *block = need(malloc(any(40)));
    if (strcmp(what, "all") == 0) {
        all_functions();
        free(block);
    } else if (strcmp(what, "double-free") == 0) {
        free(block);
        free(launder(block));
    } else if (strcmp(what, "invalid-free") == 0) {
        free(launder(foreign + 4)); /* whose mapping is looked up */
    } else if (strcmp(what, "heap-buffer-overflow") == 0) {
        block[any(40)] ^= 0x55; /* found at exit, whatever was there */
    } else {
        char *large = need(malloc(any(200000)));
        free(large);
        *(volatile char *)launder(large) = 1; /* use-after-free-access, by signal */
    }
    return PASSED;
}

int main(int argc, char **argv) {
    start_ours_only();
    if (argc > 1) return confined(argv[1]);
    static const struct {
        const char *what;
        int signal;
    } ends[] = {
        {"all", 0},
        {"double-free", SIGABRT},
        {"invalid-free", SIGABRT},
        {"heap-buffer-overflow", SIGABRT},
        {"use-after-free-access", SIGSEGV},
    };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
        char text[8192];
        struct rerun how = {.argument = ends[i].what, .stream = 2, .prepare = confine};
        int status = rerun(&how, text, sizeof text);
        if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
            puts("skipped: no filters of system calls here");
            return SKIPPED;
        }
        CHECK(!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS,
              "%s: a system call that is not in the list: %s", ends[i].what, text);
        if (ends[i].signal == 0) {
            CHECK(status == 0, "%s: status 0x%x: %s", ends[i].what, status, text);
            continue;
        }
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == ends[i].signal, "%s: status 0x%x: %s",
              ends[i].what, status, text);
        CHECK(strstr(text, ends[i].what), "%s: not in the message: %s", ends[i].what, text);
    }
    return PASSED;
}
