// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads from a freed large block after another one of its size was allocated.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    free(p); // freed
    hide(malloc(100000));
    touch(p, 10); // found
    return 0;
}
