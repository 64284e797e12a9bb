// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a large block with one byte less than it has.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    free_sized(p, 99999); // found
    return 0;
}
