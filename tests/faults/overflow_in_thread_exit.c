// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block of a thread that has ended when the program exits.
#include "sin.h"

static void *work(void *unused)
{
    (void)unused;
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    return NULL;
}

int main(void)
{
    in_thread(work, NULL);
    return 0;
}
