/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A thread-local variable of a thread that has ended.
 * expected: lost 1 48, indirectly 1 48 */
#include "leaks.h"

static __thread struct node *volatile head;

static void *thread(void *argument) {
    head = node(node(NULL));
    return argument;
}

static void work(void) {
    pthread_t one;
    if (pthread_create(&one, NULL, thread, NULL) == 0) pthread_join(one, NULL);
}

PROGRAM(work)
