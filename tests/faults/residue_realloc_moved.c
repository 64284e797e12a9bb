// SPDX-License-Identifier: MIT OR Apache-2.0
// Has a block with a secret in it moved by realloc.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(100)); // allocated
    leave_secret(p, 40);
    p = realloc(p, 5000); // found
    return p == NULL;
}
