// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes every byte of large blocks of all remainders to 16.
#include "sin.h"

int main(void)
{
    for (size_t size = 100000; size < 100016; size++) {
        char *p = hide(malloc(size));
        memset(p, 0xff, size);
        free(p);
    }
    return 0;
}
