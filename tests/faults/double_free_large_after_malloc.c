// SPDX-License-Identifier: MIT OR Apache-2.0
// Allocates between the two frees of a large block; the new block must not be taken for the old.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    free(p); // freed
    hide(malloc(100000));
    free(p); // found
    return 0;
}
