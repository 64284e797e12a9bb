// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads behind a small block that realloc has made longer, under profile=diagnose.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24));
    p = hide(realloc(p, 320)); // allocated
    touch(p, 320); // found
    return 0;
}
