// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block that holds a secret and nothing else.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(SECRET)); // allocated
    leave_secret(p, 0);
    free(p); // found
    return 0;
}
