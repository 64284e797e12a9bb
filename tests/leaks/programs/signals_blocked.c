/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A thread that blocks all signals.
 * expected: none */
#include "leaks.h"
#include <signal.h>

static void *thread(void *argument) {
    struct node *volatile local = node(node(NULL));
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    park();
    return local == argument ? argument : NULL;
}

static void work(void) {
    begin(thread, NULL);
}

PROGRAM(work)
