// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes a zero behind a block, which realloc is to make longer.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    put(p, 24, 0);
    p = realloc(p, 500); // found
    return 0;
}
