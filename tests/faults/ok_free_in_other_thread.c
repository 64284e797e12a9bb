// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees in one thread what another allocated, in both directions.
#include "sin.h"

static void *exchange(void *blocks)
{
    void **block = blocks;
    for (int i = 0; i < 1000; i++) {
        free(block[i]);
        block[i] = memset(hide(malloc(100)), 0xff, 100);
    }
    return NULL;
}

int main(void)
{
    void *block[1000];
    for (int i = 0; i < 1000; i++)
        block[i] = memset(hide(malloc(100)), 0xff, 100);
    in_thread(exchange, block);
    for (int i = 0; i < 1000; i++)
        free(block[i]);
    return 0;
}
