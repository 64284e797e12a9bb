// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block in each of two other threads.
#include "sin.h"

static void *work(void *p)
{
    free(p); // found, freed
    return NULL;
}

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    in_thread(work, p);
    in_thread(work, p);
    return 0;
}
