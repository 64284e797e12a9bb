// SPDX-License-Identifier: MIT OR Apache-2.0
// Ends a block twice, the second time with its bytes wiped.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free(p); // freed
    freezero(hide(p), 24); // found
    return 0;
}
