// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block with the size it had before realloc.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100));
    p = hide(realloc(p, 101)); // allocated
    free_sized(p, 100); // found
    return 0;
}
