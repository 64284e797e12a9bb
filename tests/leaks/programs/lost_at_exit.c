/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A block that a function of atexit loses.
 * expected: lost 1 48 */
#include "leaks.h"

static void lose(void) {
    node(NULL);
}

static void end(void) {
    forget(lose);
    wipe();
}

static void work(void) {
    atexit(end);
}

PROGRAM(work)
