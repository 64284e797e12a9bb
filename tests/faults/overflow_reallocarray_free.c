// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block that reallocarray made.
#include "sin.h"

int main(void)
{
    char *p = hide(reallocarray(NULL, 5, 7)); // allocated
    spoil(p, 35);
    free(p); // found
    return 0;
}
