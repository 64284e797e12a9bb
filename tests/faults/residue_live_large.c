// SPDX-License-Identifier: MIT OR Apache-2.0
// Asks whether any block holds a secret while a large one does, across a page.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(aligned_alloc(4096, 3 << 20)); // allocated
    leave_secret(p, (2 << 20) - 7);
    return secmalloc_check_residue(2, NULL); // found
}
