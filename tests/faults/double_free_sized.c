// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block twice, with its right size both times.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free_sized(p, 24); // freed
    free_sized(p, 24); // found
    return 0;
}
