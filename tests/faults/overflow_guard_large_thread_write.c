// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes behind a large block in a thread that did not allocate it.
#include "sin.h"

static void *work(void *p)
{
    put(p, 100000, 1); // found
    return NULL;
}

int main(void)
{
    in_thread(work, hide(malloc(100000))); // allocated
    return 0;
}
