// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads the last byte of a freed large block.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    free(p); // freed
    touch(p, 99999); // found
    return 0;
}
