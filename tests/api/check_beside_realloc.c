/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A check of the whole heap while another thread changes the size of a block in place, back and
 * forth: it must not take a change half made for an overflow.
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>

enum { CHECKS = 30000 };

static atomic_bool stop;

static void *change(void *unused) {
    /* Sizes with so much slack that the slot's state says the same of both. */
    char *block = need(malloc(any(8700)));
    for (int i = 0; !atomic_load_explicit(&stop, memory_order_relaxed); i++)
        block = need(realloc(block, any(i % 2 ? 8300 : 9200)));
    free(block);
    return unused;
}

int main(void) {
    pthread_t other;
    start_ours_only();
    CHECK_EQUAL(pthread_create(&other, NULL, change, NULL), 0);
    for (int i = 0; i < CHECKS; i++) CHECK_EQUAL(secmalloc_check(NULL), SECMALLOC_OK);
    atomic_store(&stop, true);
    pthread_join(other, NULL);
    return PASSED;
}
