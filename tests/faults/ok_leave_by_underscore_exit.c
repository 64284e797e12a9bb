// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block and leaves by _exit, where no library is called: not seen, and not to be.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24));
    spoil(p, 24);
    _exit(0);
    return 0;
}
