// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads behind a large block that has shrunk: with profile=diagnose it ends at a guard all the same.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(1000000));
    p = hide(realloc(p, 200000)); // allocated
    touch(p, 200000); // found
    return 0;
}
