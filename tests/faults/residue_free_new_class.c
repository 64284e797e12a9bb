// SPDX-License-Identifier: MIT OR Apache-2.0
// Watches a secret before there is any block of that size.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    // More than a slab, so that the class grows while its short way is closed.
    for (int i = 0; i < 3000; i++)
        hide(malloc(700));
    char *p = hide(malloc(700)); // allocated
    leave_secret(p, 400);
    free(p); // found
    return 0;
}
