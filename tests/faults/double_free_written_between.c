// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed block before it is freed again.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free(p); // freed
    put(p, 0, 1);
    free(p); // found
    return 0;
}
