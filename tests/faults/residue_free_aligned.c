// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block that was aligned to 4096 with a secret in it.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(aligned_alloc(4096, 4096)); // allocated
    leave_secret(p, 2001);
    free(p); // found
    return 0;
}
