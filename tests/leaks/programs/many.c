/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A hundred blocks, each of its own.
 * expected: lost 100 1000 */
#include "leaks.h"

static void work(void) {
    for (int i = 0; i < 100; i++) need(malloc(10));
}

PROGRAM(work)
