// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block again, and with a wrong size too: that it is free counts.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free(p); // freed
    free_sized(p, 25); // found
    return 0;
}
