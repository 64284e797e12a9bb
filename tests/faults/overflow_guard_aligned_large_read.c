// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads the guard behind a large block that is aligned to a page.
#include "sin.h"

int main(void)
{
    char *p = hide(memalign(4096, 102400)); // allocated
    touch(p, 102400); // found
    return 0;
}
