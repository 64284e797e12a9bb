/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A thread-local variable of a thread that lives.
 * expected: none */
#include "leaks.h"

static __thread struct node *volatile head;

static void set(void) {
    head = node(node(NULL));
}

static void *thread(void *argument) {
    forget(set);
    park();
    return argument;
}

static void work(void) {
    begin(thread, NULL);
}

PROGRAM(work)
