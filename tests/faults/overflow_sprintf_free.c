// SPDX-License-Identifier: MIT OR Apache-2.0
// Formats 18 letters into a block of 16 bytes.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(16)); // allocated
    sprintf(p, "%s%cz", "sixteen letters!", unlike(p, 16));
    free(p); // found
    return 0;
}
