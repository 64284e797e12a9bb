// SPDX-License-Identifier: MIT OR Apache-2.0
// Shrinks a large block, in its pages, behind whose new end a secret lies.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(300000)); // allocated
    leave_secret(p, 250001);
    p = realloc(p, 200000); // found
    return p == NULL;
}
