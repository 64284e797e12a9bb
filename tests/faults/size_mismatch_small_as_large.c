// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a small block with the size of a large one.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free_sized(p, 100000); // found
    return 0;
}
