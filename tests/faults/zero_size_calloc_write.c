// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to an array of no elements.
#include "sin.h"

int main(void)
{
    char *p = hide(calloc(0, 100));
    put(p, 0, 1);
    return 0;
}
