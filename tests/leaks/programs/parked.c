/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A thread waits for a condition, with its block behind the argument that it got.
 * expected: none */
#include "leaks.h"

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void *thread(void *argument) {
    struct node *volatile local = argument;
    pthread_mutex_lock(&mutex);
    there = 1;
    while (local->rest[0] == 0) pthread_cond_wait(&condition, &mutex);
    pthread_mutex_unlock(&mutex);
    return local;
}

static void work(void) {
    begin(thread, node(node(NULL)));
}

PROGRAM(work)
