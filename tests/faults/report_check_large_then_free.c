// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a large block that a check has reported: that free is right.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100001)); // allocated
    spoil(p, 100001);
    secmalloc_check(NULL); // found
    free(p);
    return 0;
}
