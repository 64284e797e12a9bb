// SPDX-License-Identifier: MIT OR Apache-2.0
// Has a large block with a secret grow: with profile=diagnose it is copied, else the kernel moves its pages.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(300000)); // allocated
    leave_secret(p, 250001);
    p = realloc(p, 3000000); // found
    return p == NULL;
}
