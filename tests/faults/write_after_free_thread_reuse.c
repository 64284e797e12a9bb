// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed block, whose slot another thread gets.
#include "sin.h"

static void *release(void *p)
{
    free(p);
    return NULL;
}

static void *reuse(void *unused)
{
    reuse_all(100);
    return unused;
}

int main(void)
{
    char *p = hide(malloc(100));
    in_thread(release, p);
    put(p, 5, 1);
    in_thread(reuse, NULL);
    return 0;
}
