// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block as one of no bytes.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free_sized(p, 0); // found
    return 0;
}
