// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes every byte of blocks around the size where large ones begin.
#include "sin.h"

int main(void)
{
    for (size_t size = 65400; size < 65700; size++) {
        char *p = hide(malloc(size));
        memset(p, 0xff, size);
        free(p);
    }
    return 0;
}
