// SPDX-License-Identifier: MIT OR Apache-2.0
// Leaves all of a secret but a byte, its two halves apart, and less than all at a block's end.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    for (int wrong = 0; wrong < SECRET; wrong++) {
        char *p = hide(malloc(100));
        leave_secret(p, 40);
        spoil(p, 40 + wrong);
        free(p);
    }
    char *p = hide(malloc(100));
    memcpy(p, secret, 16);
    memcpy(p + 17, secret + 16, 16);
    free(p);
    p = hide(malloc(SECRET - 1));
    memcpy(p, secret, SECRET - 1);
    free(p);
    p = hide(malloc(100));
    leave_secret(p, 40);
    spoil(p, 40);
    return secmalloc_check_residue(3, NULL);
}
