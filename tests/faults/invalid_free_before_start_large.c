// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees an address in the guard before a large block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(102400));
    free(p - 16); // found
    return 0;
}
