// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block of 40000 bytes and asks for a check of the whole heap.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(40000)); // allocated
    spoil(p, 40000);
    secmalloc_check(NULL); // found
    return 0;
}
