// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads behind a small block, which profile=diagnose has put against a guard.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(32)); // allocated
    touch(p, 32); // found
    return 0;
}
