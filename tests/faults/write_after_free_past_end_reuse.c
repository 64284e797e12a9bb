// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes the last byte of the slot of a freed block, 7 bytes past the block's end.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24));
    free(p);
    put(p, 31, 1);
    reuse_all(24);
    return 0;
}
