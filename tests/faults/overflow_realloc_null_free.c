// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block that realloc made from NULL.
#include "sin.h"

int main(void)
{
    char *p = hide(realloc(NULL, 30)); // allocated
    spoil(p, 30);
    free(p); // found
    return 0;
}
