// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads through the old address of a large block that realloc has made a small one.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000));
    hide(realloc(p, 24));
    touch(p, 10);
    return 0;
}
