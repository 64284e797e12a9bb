// SPDX-License-Identifier: MIT OR Apache-2.0
// Watches two secrets, and leaves the second after the first is not watched any more.
#include "secret.h"

int main(void)
{
    static unsigned char other[20] = "another secret";

    if (secmalloc_watch_secret(other, sizeof other) != 0)
        return 97;
    watch_secret(SECRET);
    if (secmalloc_unwatch_secret(other, sizeof other) != 0)
        return 96;
    char *p = hide(malloc(100)); // allocated
    leave_secret(p, 1);
    free(p); // found
    return 0;
}
