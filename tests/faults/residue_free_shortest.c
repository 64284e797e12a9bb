// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block with a secret of 8 bytes at an odd offset.
#include "secret.h"

int main(void)
{
    watch_secret(8);
    char *p = hide(malloc(100)); // allocated
    leave_secret(p, 43);
    free(p); // found
    return 0;
}
