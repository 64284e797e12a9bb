// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes a byte deep in the slack of a block of 33000 bytes.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(33000)); // allocated
    spoil(p, 40000);
    free(p); // found
    return 0;
}
