// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes past the end of a block, then ends and wipes it.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    freezero(p, 24); // found
    return 0;
}
