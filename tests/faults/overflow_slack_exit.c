// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes a byte far past the end of a block that is never freed.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(520)); // allocated
    spoil(p, 600);
    return 0;
}
