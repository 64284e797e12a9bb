/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A block of size 0.
 * expected: lost 1 0
 * LeakSanitizer: lost 1 1: it makes a block of size 1 of it */
#include "leaks.h"

static void *volatile held;

static void work(void) {
    need(malloc(0));
    held = need(malloc(0));
}

PROGRAM(work)
