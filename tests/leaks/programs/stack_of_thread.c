/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A local variable of a thread that sleeps.
 * expected: none */
#include "leaks.h"

static void *thread(void *argument) {
    struct node *volatile local = node(node(NULL));
    park();
    return local == argument ? argument : NULL;
}

static void work(void) {
    begin(thread, NULL);
}

PROGRAM(work)
