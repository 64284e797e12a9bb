// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block with a wrong size in another thread.
#include "sin.h"

static void *work(void *p)
{
    free_sized(p, 32); // found
    return NULL;
}

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    in_thread(work, p);
    return 0;
}
