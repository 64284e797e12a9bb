// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads behind a large block that has grown: with profile=diagnose it ends at a guard all the same.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(200000));
    p = hide(realloc(p, 1000000)); // allocated
    touch(p, 1000000); // found
    return 0;
}
