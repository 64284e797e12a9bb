// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a 24-byte block here and then in another thread.
#include "sin.h"

static void *work(void *p)
{
    free(p);
    return NULL;
}

int main(void)
{
    char *p = hide(malloc(24));
    free(p);
    in_thread(work, p);
    return 0;
}
