// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes a zero right behind a 8-byte block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(8)); // allocated
    put(p, 8, 0);
    free(p); // found
    return 0;
}
