// SPDX-License-Identifier: MIT OR Apache-2.0
// Blocks that one thread makes and another one frees, at once, and whose memory comes back.
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

// Who waits looks so often before another thread may run: on two processors, most blocks are handed over at once.
enum { PAIRS = 1, ROUNDS = 40000, PATIENCE = 256 };

struct place {
    _Atomic(void *) block;
    char rest[64 - sizeof(void *)];
};
static struct place places[PAIRS];

static void *maker(void *argument) {
    struct place *place = argument;
    for (int round = 0; round < ROUNDS; round++) {
        void *block = malloc(333);
        void *own = malloc(40);
        if (block == NULL || own == NULL)
            abort();
        void *none = NULL;
        for (unsigned tries = 1; !atomic_compare_exchange_weak(&place->block, &none, block); tries++) {
            none = NULL;
            if (tries % PATIENCE == 0)
                sched_yield();
        }
        free(own);
    }
    return NULL;
}

static void *ender(void *argument) {
    struct place *place = argument;
    unsigned tries = 0;
    for (int round = 0; round < ROUNDS;) {
        void *own = malloc(40);
        void *block = atomic_exchange(&place->block, NULL);
        if (own == NULL)
            abort();
        if (block != NULL) {
            free(block);
            round++;
        }
        free(own);
        if (++tries % PATIENCE == 0)
            sched_yield();
    }
    return NULL;
}

int main(void) {
    pthread_t threads[2 * PAIRS];
    for (int pair = 0; pair < PAIRS; pair++)
        if (pthread_create(&threads[2 * pair], NULL, maker, &places[pair]) != 0 ||
            pthread_create(&threads[2 * pair + 1], NULL, ender, &places[pair]) != 0)
            return 1;
    for (int thread = 0; thread < 2 * PAIRS; thread++)
        pthread_join(threads[thread], NULL);
    return 0;
}
