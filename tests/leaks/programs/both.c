/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A block is lost before a fork: parent and child have each lost it.
 * expected: lost 2 48 */
#include "leaks.h"
#include <sys/wait.h>

static void work(void) {
    need(malloc(24));
    pid_t child = fork();
    if (child != 0) waitpid(child, NULL, 0);
}

PROGRAM(work)
