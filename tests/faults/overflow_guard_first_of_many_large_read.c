// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads behind the first of 50 large blocks.
#include "sin.h"

int main(void)
{
    char *first = hide(malloc(100000)); // allocated
    for (int i = 1; i < 50; i++)
        hide(malloc(100000));
    touch(first, 100000); // found
    return 0;
}
