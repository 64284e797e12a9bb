/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The initial thread ends first; another one exits, with a local variable.
 * expected: none */
#include "leaks.h"

static pthread_t initial;

static void *thread(void *argument) {
    struct node *volatile local = node(node(NULL));
    pthread_join(initial, NULL);
    exit(local == argument);
}

int main(void) {
    pthread_t other;
    initial = pthread_self();
    if (pthread_create(&other, NULL, thread, NULL) != 0) return 98;
    pthread_exit(NULL);
}
