/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Local variables of two hundred threads.
 * expected: none */
#include "leaks.h"

static void *thread(void *argument) {
    struct node *volatile local = node(node(NULL));
    __atomic_add_fetch((int *)argument, 1, __ATOMIC_SEQ_CST);
    for (;;) pause();
    return local;
}

static void work(void) {
    static int count;
    for (int i = 0; i < 200; i++) {
        pthread_t one;
        if (pthread_create(&one, NULL, thread, &count) != 0) _exit(98);
    }
    while (__atomic_load_n(&count, __ATOMIC_SEQ_CST) < 200) usleep(1000);
    usleep(20000);
}

PROGRAM(work)
