// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads where a large block was before it shrank: with profile=diagnose realloc always moves.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(200000)); // allocated
    char *q = hide(realloc(p, 199000)); // freed
    touch(p, 100); // found
    free(q);
    return 0;
}
