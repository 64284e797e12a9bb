// SPDX-License-Identifier: MIT OR Apache-2.0
// Copies 32 bytes into a block of 24.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    char source[32];
    memset(source, unlike(p, 24), sizeof source);
    memcpy(p, source, sizeof source);
    free(p); // found
    return 0;
}
