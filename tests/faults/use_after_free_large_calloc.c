// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads from a freed large block of calloc.
#include "sin.h"

int main(void)
{
    char *p = hide(calloc(1000, 100)); // allocated
    free(p); // freed
    touch(p, 10); // found
    return 0;
}
