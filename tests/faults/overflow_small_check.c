// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block and asks for a check of the whole heap.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    secmalloc_check(NULL); // found
    return 0;
}
