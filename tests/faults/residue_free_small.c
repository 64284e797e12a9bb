// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a small block with a secret in it.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(100)); // allocated
    leave_secret(p, 40);
    free(p); // found
    return 0;
}
