/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* So many functions of atexit that the C library keeps them in blocks.
 * expected: none */
#include "leaks.h"

static void end(void) {
}

static void work(void) {
    for (int i = 0; i < 200; i++) atexit(end);
}

PROGRAM(work)
