// SPDX-License-Identifier: MIT OR Apache-2.0
// Has a large block copied to a small one; the secret lies in what is not copied.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(100000)); // allocated
    leave_secret(p, 50000);
    p = realloc(p, 100); // found
    return p == NULL;
}
