/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A list in a global variable.
 * expected: none */
#include "leaks.h"

struct node *head;

static void work(void) {
    head = node(node(node(NULL)));
}

PROGRAM(work)
