// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block in another thread, which ends, and then here.
#include "sin.h"

static void *work(void *p)
{
    free(p);
    return NULL;
}

int main(void)
{
    char *p = hide(malloc(24));
    in_thread(work, p);
    free(p);
    return 0;
}
