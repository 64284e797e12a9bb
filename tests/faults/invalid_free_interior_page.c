// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the middle of a block of two pages.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(8192)); // allocated
    free(p + 4096); // found
    return 0;
}
