// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees in one thread what new made in another.
#include "sin.h"

static void *work(void *p)
{
    free(p); // found
    return NULL;
}

int main()
{
    in_thread(work, hide(operator new(24))); // allocated
    return 0;
}
