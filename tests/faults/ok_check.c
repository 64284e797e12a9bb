// SPDX-License-Identifier: MIT OR Apache-2.0
// Asks for a check of a heap with live and freed blocks, all of them in order.
#include "sin.h"

int main(void)
{
    for (int i = 0; i < 3000; i++) {
        size_t size = (size_t)(i * 37 % 5000);
        char *p = memset(hide(malloc(size)), 0xff, size);
        if (i % 3 != 0)
            free(p);
    }
    memset(hide(malloc(100000)), 0xff, 100000);
    return secmalloc_check(NULL) == 0 ? 0 : 1;
}
