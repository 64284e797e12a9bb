// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a large block that ends with a secret.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(100000)); // allocated
    leave_secret(p, 100000 - SECRET);
    free(p); // found
    return 0;
}
