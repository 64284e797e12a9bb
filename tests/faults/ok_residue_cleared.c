// SPDX-License-Identifier: MIT OR Apache-2.0
// Clears blocks before it gives them up.
#include "secret.h"

static void clear(void *block, size_t size)
{
    memset(hide(block), 0, size);
}

int main(void)
{
    watch_secret(SECRET);
    for (size_t size = SECRET; size < 300000; size += size / 3) {
        char *p = hide(malloc(size));
        leave_secret(p, size - SECRET);
        clear(p, size);
        free(p);
    }
    return 0;
}
