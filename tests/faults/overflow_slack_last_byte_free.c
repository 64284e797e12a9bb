// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the very last byte of the slot.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(520)); // allocated
    spoil(p, 639);
    free(p); // found
    return 0;
}
