// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block as one of all the bytes there are.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free_sized(p, SIZE_MAX); // found
    return 0;
}
