// SPDX-License-Identifier: MIT OR Apache-2.0
// Asks whether any block holds a secret while one does.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(100)); // allocated
    leave_secret(p, 40);
    return secmalloc_check_residue(2, NULL); // found
}
