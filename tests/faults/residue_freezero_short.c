// SPDX-License-Identifier: MIT OR Apache-2.0
// Has less of a block wiped than the secret reaches.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    char *p = hide(malloc(100)); // allocated
    leave_secret(p, 60);
    freezero(p, 60); // found
    return 0;
}
