// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a large block that realloc has made longer.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000));
    p = hide(realloc(p, 500001)); // allocated
    spoil(p, 500001);
    free(p); // found
    return 0;
}
