// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a block that has grown by one byte a thousand times.
#include "sin.h"

int main(void)
{
    char *p = NULL;
    for (size_t size = 1; size <= 1000; size++)
        p = hide(realloc(p, size)); // allocated
    spoil(p, 1000);
    free(p); // found
    return 0;
}
