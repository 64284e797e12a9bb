// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a block that another thread freed, which then gets its slot again.
#include "sin.h"

static void *release(void *p)
{
    free(p);
    put(p, 5, 1);
    reuse_all(100);
    return NULL;
}

int main(void)
{
    in_thread(release, hide(malloc(100)));
    return 0;
}
