// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to an array of no elements.
#include "sin.h"

int main(void)
{
    char *p = hide(calloc(0, 100)); // allocated
    put(p, 0, 1); // found
    return 0;
}
