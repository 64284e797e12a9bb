// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte before a block, which another thread frees.
#include "sin.h"

static void *work(void *p)
{
    free(p); // found
    return NULL;
}

int main(void)
{
    char *p = side_by_side(24).high; // allocated
    spoil(p, -1);
    in_thread(work, p);
    return 0;
}
