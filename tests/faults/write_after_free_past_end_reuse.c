// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed block, 2 bytes past the end that it had.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(20)); // allocated
    free(p); // freed
    put(p, 22, 1);
    reuse_all(20); // found
    return 0;
}
