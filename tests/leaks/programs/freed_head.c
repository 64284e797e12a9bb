/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The head of a list is freed; only it led to the rest.
 * expected: lost 1 48, indirectly 1 48 */
#include "leaks.h"

static struct node *volatile head;

static void work(void) {
    head = node(node(node(NULL)));
    free(head);
}

PROGRAM(work)
