// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes a byte 80 bytes past the end, nothing before it.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(520)); // allocated
    spoil(p, 600);
    free(p); // found
    return 0;
}
