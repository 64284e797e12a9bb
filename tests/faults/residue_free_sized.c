// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block with a secret in it by free_sized.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(100)); // allocated
    leave_secret(p, 7);
    free_sized(p, 100); // found
    return 0;
}
