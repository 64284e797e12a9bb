/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A local variable of a thread that has ended, whose stack the C library keeps.
 * expected: lost 1 48, indirectly 1 48 */
#include "leaks.h"

static void make(void) {
    struct node *volatile local = node(node(NULL));
    launder((void *)&local);
}

static void *thread(void *argument) {
    make();
    return argument;
}

static void work(void) {
    pthread_t one;
    if (pthread_create(&one, NULL, thread, NULL) == 0) pthread_join(one, NULL);
}

PROGRAM(work)
