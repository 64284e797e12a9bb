/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Values of pthread_setspecific beyond the first 32, which the C library keeps in a block.
 * expected: none */
#include "leaks.h"

static void *thread(void *argument) {
    for (int i = 0; i < 100; i++) {
        pthread_key_t key;
        pthread_key_create(&key, NULL);
        pthread_setspecific(key, node(NULL));
    }
    wipe();
    park();
    return argument;
}

static void work(void) {
    begin(thread, NULL);
}

PROGRAM(work)
