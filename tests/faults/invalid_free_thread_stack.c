// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a local variable of another thread.
#include "sin.h"

static void *work(void *unused)
{
    char local[64];
    (void)unused;
    free(hide(local)); // found
    return NULL;
}

int main(void)
{
    in_thread(work, NULL);
    return 0;
}
