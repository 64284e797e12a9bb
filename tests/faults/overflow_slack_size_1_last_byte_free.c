// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the last byte of the smallest slot.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(1)); // allocated
    spoil(p, 15);
    free(p); // found
    return 0;
}
