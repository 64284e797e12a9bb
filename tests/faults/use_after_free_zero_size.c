// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads from a freed block of no bytes.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(0)); // allocated
    free(p); // freed
    touch(p, 0); // found
    return 0;
}
