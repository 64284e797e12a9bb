/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A value of pthread_setspecific without destructor, of a thread that has ended.
 * expected: lost 1 48 */
#include "leaks.h"

static pthread_key_t key;

static void *thread(void *argument) {
    pthread_setspecific(key, node(NULL));
    return argument;
}

static void work(void) {
    pthread_t one;
    pthread_key_create(&key, NULL);
    if (pthread_create(&one, NULL, thread, NULL) == 0) pthread_join(one, NULL);
}

PROGRAM(work)
