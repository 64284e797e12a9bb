/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A thread that blocks all signals by a bare system call: it cannot be stopped, its stack is looked into.
 * expected: none */
#include "leaks.h"
#include <sys/syscall.h>

static void *thread(void *argument) {
    struct node *volatile local = node(node(NULL));
    uint64_t all = UINT64_MAX;
    syscall(SYS_rt_sigprocmask, 2, &all, NULL, sizeof all);
    park();
    return local == argument ? argument : NULL;
}

static void work(void) {
    begin(thread, NULL);
}

PROGRAM(work)
