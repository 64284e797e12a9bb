// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a large block that is aligned to a page.
#include "sin.h"

int main(void)
{
    char *p = hide(memalign(4096, 100000)); // allocated
    spoil(p, 100000);
    free(p); // found
    return 0;
}
