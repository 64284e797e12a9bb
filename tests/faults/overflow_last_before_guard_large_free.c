// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the last byte before the guard of a large block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100001)); // allocated
    spoil(p, 100015);
    free(p); // found
    return 0;
}
