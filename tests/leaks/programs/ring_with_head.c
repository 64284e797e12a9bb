/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A ring that a lost block leads to.
 * expected: lost 1 48, indirectly 3 144 */
#include "leaks.h"

static void work(void) {
    struct node *last = node(NULL);
    last->next = node(node(last));
    node(last);
}

PROGRAM(work)
