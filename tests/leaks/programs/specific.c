/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A value of pthread_setspecific.
 * expected: none */
#include "leaks.h"

static void work(void) {
    pthread_key_t key;
    pthread_key_create(&key, free);
    pthread_setspecific(key, node(NULL));
}

PROGRAM(work)
