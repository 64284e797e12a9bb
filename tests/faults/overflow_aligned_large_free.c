// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a large block that is aligned to a page.
#include "sin.h"

int main(void)
{
    char *p = hide(memalign(4096, 100000));
    spoil(p, 100000);
    free(p);
    return 0;
}
