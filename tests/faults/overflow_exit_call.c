// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block and leaves by exit() with another status.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    exit(3); // found
    return 0;
}
