// SPDX-License-Identifier: MIT OR Apache-2.0
// Copies a string into a freed block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100));
    free(p);
    strcpy(p, "stale");
    reuse_all(100);
    return 0;
}
