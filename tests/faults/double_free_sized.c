// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block twice, with its right size both times.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24));
    free_sized(p, 24);
    free_sized(p, 24);
    return 0;
}
