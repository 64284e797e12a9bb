// SPDX-License-Identifier: MIT OR Apache-2.0
// Holds secrets where they may be: on the stack in use, in globals, in pages that realloc moves, while somebody asks.
#include "secret.h"

int main(void)
{
    unsigned char here[SECRET];

    watch_secret(SECRET);
    leave_secret(here, 0);
    char *p = hide(malloc(3 << 20));
    leave_secret(p, 1 << 20);
    // The kernel moves the pages: nothing is left where they were.
    p = realloc(p, 48 << 20);
    if (p == NULL || secmalloc_check_residue(1, NULL) != 0)
        return 1;
    memset(hide(p), 0, 2 << 20);
    free(p);
    return touch(here, 0) != (char)secret[0];
}
