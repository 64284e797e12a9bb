// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block with a secret in it by realloc to 0 bytes.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(100)); // allocated
    leave_secret(p, 40);
    p = realloc(p, 0); // found
    return p != NULL;
}
