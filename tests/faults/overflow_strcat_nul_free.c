// SPDX-License-Identifier: MIT OR Apache-2.0
// Appends to a string until only the NUL is outside the block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(16)); // allocated
    strcpy(p, "eight he");
    strcat(p, "re, more");
    free(p); // found
    return 0;
}
