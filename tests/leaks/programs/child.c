/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A forked child loses a block and exits; its parent loses none.
 * expected: lost 1 24 */
#include "leaks.h"
#include <sys/wait.h>

static void work(void) {
    pid_t child = fork();
    if (child == 0) {
        need(malloc(24));
        return;
    }
    waitpid(child, NULL, 0);
}

PROGRAM(work)
