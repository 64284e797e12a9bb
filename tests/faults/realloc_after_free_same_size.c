// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates a freed block to the size it had.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100));
    free(p);
    hide(realloc(p, 100));
    return 0;
}
