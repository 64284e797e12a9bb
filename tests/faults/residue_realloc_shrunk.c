// SPDX-License-Identifier: MIT OR Apache-2.0
// Shrinks a block, in its slot, whose last bytes are a secret.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(4000)); // allocated
    leave_secret(p, 3900);
    p = realloc(p, 3800); // found
    return p == NULL;
}
