// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a large block and asks for a check of the whole heap.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100001)); // allocated
    spoil(p, 100001);
    secmalloc_check(NULL); // found
    return 0;
}
