// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a page-aligned block of a page and a bit.
#include "sin.h"

int main(void)
{
    void *p = NULL;
    if (posix_memalign(&p, 4096, 5000) != 0) // allocated
        return 99;
    spoil(p, 5000);
    free(p); // found
    return 0;
}
