// SPDX-License-Identifier: MIT OR Apache-2.0
// Copies a string into a freed block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    free(p); // freed
    strcpy(p, "stale");
    reuse_all(100); // found
    return 0;
}
