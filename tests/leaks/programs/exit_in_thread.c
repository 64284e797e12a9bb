/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Another thread exits; the local variable of the initial one counts.
 * expected: lost 1 24 */
#include "leaks.h"

static void lose(void) {
    need(malloc(24));
}

static void *thread(void *argument) {
    forget(lose);
    wipe();
    exit(argument != NULL);
}

int main(void) {
    struct node *volatile local = node(NULL);
    pthread_t other;
    if (pthread_create(&other, NULL, thread, NULL) != 0) return 98;
    for (;;) pause();
    return local != NULL;
}
