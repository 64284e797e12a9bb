/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A thread-local variable of the initial thread.
 * expected: none */
#include "leaks.h"

static __thread char before[5000];
static __thread struct node *volatile head = (struct node *)1;

static void work(void) {
    launder(before);
    head = node(node(NULL));
}

PROGRAM(work)
