/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A child, forked where another thread had a block on its stack.
 * expected: none
 * LeakSanitizer: lost 1 48, indirectly 1 48: the stack of a thread that the child does not have is no root there */
#include "leaks.h"
#include <sys/wait.h>

static void *thread(void *argument) {
    struct node *volatile local = node(node(NULL));
    park();
    return local == argument ? argument : NULL;
}

static void work(void) {
    begin(thread, NULL);
    pid_t child = fork();
    if (child != 0) waitpid(child, NULL, 0);
}

PROGRAM(work)
