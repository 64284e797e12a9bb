// SPDX-License-Identifier: MIT OR Apache-2.0
// Leaves secrets in sensitive blocks, which are wiped as they end.
#include "secret.h"

int main(void)
{
    watch_secret(SECRET);
    for (size_t size = 100; size < 300000; size += size / 3) {
        char *p = hide(malloc_conceal(size));
        if (p == NULL)
            return 1;
        leave_secret(p, size - SECRET);
        if (secmalloc_check_residue(2, NULL) != 0)
            return 2;
        p = realloc(p, size * 2);
        p = realloc(p, size - 8);
        leave_secret(p, 8);
        free(p);
    }
    return secmalloc_check_residue(2, NULL);
}
