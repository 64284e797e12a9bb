// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block with a secret in it in a forked child.
#include "secret.h"

static char *p;

static void work(void)
{
    free(p); // found
}

int main(void)
{
    watch_secret(SECRET);
    p = hide(malloc(100)); // allocated
    leave_secret(p, 40);
    return in_child(work);
}
