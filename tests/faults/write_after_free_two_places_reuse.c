// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed block in two places: the first of them is named.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    free(p); // freed
    put(p, 70, 1);
    put(p, 5, 1);
    reuse_all(100); // found
    return 0;
}
