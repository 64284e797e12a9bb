/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A block that points to itself alone.
 * expected: lost 1 48 */
#include "leaks.h"

static void work(void) {
    struct node *one = node(NULL);
    one->next = one;
}

PROGRAM(work)
