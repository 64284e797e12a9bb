// SPDX-License-Identifier: MIT OR Apache-2.0
// Does not watch the secret any more when it is left.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    if (secmalloc_unwatch_secret(secret, SECRET) != 0)
        return 1;
    for (size_t size = SECRET; size < 300000; size += size / 3) {
        char *p = hide(malloc(size));
        leave_secret(p, size - SECRET);
        free(p);
    }
    leave_on_stack();
    return secmalloc_check_residue(3, NULL);
}
