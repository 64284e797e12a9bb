// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes the byte before a large block that starts on a page.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(102400)); // allocated
    put(p, -1, 1); // found
    return 0;
}
