// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a large block that realloc has made shorter.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(500000));
    p = hide(realloc(p, 100001)); // allocated
    spoil(p, 100001);
    free(p); // found
    return 0;
}
