// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes every byte of blocks of every size up to 5000.
#include "sin.h"

int main(void)
{
    for (size_t size = 0; size <= 5000; size++) {
        char *p = hide(malloc(size));
        memset(p, 0xff, size);
        free(p);
    }
    return 0;
}
