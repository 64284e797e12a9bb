// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes a byte far behind a block that is smaller than its alignment.
#include "sin.h"

int main(void)
{
    char *p = hide(memalign(256, 30)); // allocated
    spoil(p, 200);
    free(p); // found
    return 0;
}
