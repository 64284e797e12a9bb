// SPDX-License-Identifier: MIT OR Apache-2.0
// Uses sensitive locals from their first byte to their last.
#include "sin.h"

#include <smalloc.h>

static void use(size_t size)
{
    SMALLOC_LOCAL_ARRAY(char, local, size);
    for (size_t i = 0; i < size; i++)
        spoil(hide(local), (ptrdiff_t)i);
    if (size > 1)
        use(size - 1);
}

int main(void)
{
    use(200);
    SMALLOC_LOCAL_ARRAY(char, most, 256 * 1024 - 16);
    memset(hide(most), 'A', 256 * 1024 - 16);
    return 0;
}
