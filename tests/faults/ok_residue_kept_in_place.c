// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the size of a block that stays where it is, with a secret in what it keeps.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(4000));
    leave_secret(p, 3900);
    memset(hide(p + 3900), 0, SECRET);
    p = realloc(p, 3800);
    leave_secret(p, 3768);
    p = realloc(p, 3820);
    p = realloc(p, 3800);
    memset(hide(p), 0, 3800);
    free(p);
    return 0;
}
