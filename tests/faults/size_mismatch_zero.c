// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block as one of no bytes.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24));
    free_sized(p, 0);
    return 0;
}
