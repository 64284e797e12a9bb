// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the first byte of the last 8 of the slot.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(520)); // allocated
    spoil(p, 632);
    free(p); // found
    return 0;
}
