// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees dirty blocks and finds nothing but zeros in what calloc returns.
#include "sin.h"

int main(void)
{
    for (int i = 0; i < 20000; i++) {
        size_t size = (size_t)(i % 700 + 1);
        unsigned char *p = hide(calloc(1, size));
        for (size_t j = 0; j < size; j++)
            if (p[j] != 0)
                return 1;
        memset(p, 0xff, size);
        free(p);
    }
    return 0;
}
