// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block that a check has reported: that free is right, and nothing more is to be said.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    secmalloc_check(NULL); // found
    free(p);
    return 0;
}
