// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees, in another thread, the address 8 bytes inside a block.
#include "sin.h"

static void *work(void *p)
{
    free(p); // found
    return NULL;
}

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    in_thread(work, p + 8);
    return 0;
}
