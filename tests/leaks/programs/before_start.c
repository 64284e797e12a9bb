/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pointer before a block, as some arrays that begin at 1 have.
 * expected: lost 1 48 */
#include "leaks.h"

static char *volatile held;

static void work(void) {
    held = (char *)node(NULL) - 8;
}

PROGRAM(work)
