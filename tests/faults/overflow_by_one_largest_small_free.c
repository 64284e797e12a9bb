// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte behind a 65528-byte block, then frees the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(65528)); // allocated
    spoil(p, 65528);
    free(p); // found
    return 0;
}
