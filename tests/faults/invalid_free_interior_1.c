// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the second byte of a block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    free(p + 1); // found
    return 0;
}
