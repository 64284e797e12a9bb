/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A file that is left open, with its buffer.
 * expected: none */
#include "leaks.h"

static void work(void) {
    FILE *file = fopen("/dev/null", "w");
    if (file) fputs("something", file);
}

PROGRAM(work)
