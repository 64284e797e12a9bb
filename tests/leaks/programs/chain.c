/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A list whose head is lost.
 * expected: lost 1 48, indirectly 4 192 */
#include "leaks.h"

static void work(void) {
    node(node(node(node(node(NULL)))));
}

PROGRAM(work)
