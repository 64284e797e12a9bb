// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads from a freed large block that was aligned.
#include "sin.h"

int main(void)
{
    char *p = hide(memalign(65536, 200000)); // allocated
    free(p); // freed
    touch(p, 150000); // found
    return 0;
}
