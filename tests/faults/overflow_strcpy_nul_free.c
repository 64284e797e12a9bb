// SPDX-License-Identifier: MIT OR Apache-2.0
// Copies a string of 16 letters into a block of 16 bytes.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(16)); // allocated
    strcpy(p, "sixteen letters!");
    free(p); // found
    return 0;
}
