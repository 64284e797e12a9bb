/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A block that a function of atexit frees, and whose address is nowhere else.
 * expected: none */
#include "leaks.h"

static uintptr_t hidden;

static void end(void) {
    free((void *)~hidden);
    hidden = 0;
}

static void work(void) {
    hidden = ~(uintptr_t)node(NULL);
    atexit(end);
}

PROGRAM(work)
