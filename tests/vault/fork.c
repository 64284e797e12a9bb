/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * In a forked child, sensitive locals are zero, their blocks end as ever, and the stack goes on, in the thread that
 * forked, also in a child's child, and where no fork handler ran.
 */
#include "vault.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>

static void use(void) {
    SMALLOC_LOCAL_ARRAY(unsigned char, bytes, 5000);
    check_zero(bytes, 5000, "a new local");
    fill(bytes, 5000, 9);
    check_filled(bytes, 5000, 9);
}

static pid_t split(int way) {
    return way == 0 ? fork() : (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static void wait_for(pid_t child) {
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child, "waitpid: errno %d", errno);
    CHECK(status == 0, "the child's status is 0x%x", status);
}

static bool is_child;
static pid_t youngest;

static int nested(int depth, int way) {
    SMALLOC_LOCAL_ARRAY(unsigned char, bytes, 100);
    fill(bytes, 100, (unsigned)depth);
    if (depth > 0) {
        nested(depth - 1, way);
    } else {
        youngest = split(way);
        CHECK(youngest >= 0, "fork: errno %d", errno);
        is_child = youngest == 0;
        if (is_child) {
            use();
            if (way == 0) check_protected(bytes, "a child's local");
        }
    }
    if (is_child) check_zero(bytes, 100, "an inherited local");
    else check_filled(bytes, 100, (unsigned)depth);
    use();
    return depth;
}

static void *run(void *way) {
    nested(10, (int)(uintptr_t)way);
    if (!is_child) {
        wait_for(youngest);
        return NULL;
    }
    is_child = false;
    if (way == NULL) {
        nested(5, 0);
        if (youngest > 0) wait_for(youngest);
    }
    _exit(0);
}

int main(void) {
    if (is_plain()) return 0;
    run((void *)0);
    /* Secret memory is not there in a child of which no fork handler knows. */
    const char *options = getenv("SECMALLOC_OPTIONS");
    if (options == NULL || strstr(options, "secret") == NULL) run((void *)1);
    for (int i = 0; i < 4; i++) {
        pthread_t thread;
        CHECK_EQUAL(pthread_create(&thread, NULL, run, NULL), 0);
        use();
        CHECK_EQUAL(pthread_join(thread, NULL), 0);
    }
    return 0;
}
