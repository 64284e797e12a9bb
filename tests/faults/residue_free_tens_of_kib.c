// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block of tens of KiB with a secret in its last bytes, at an odd offset.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(40001)); // allocated
    leave_secret(p, 40001 - SECRET);
    free(p); // found
    return 0;
}
