// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes past the end of an array, then grows it.
#include "sin.h"

int main(void)
{
    char *p = hide(calloc(3, 8)); // allocated
    spoil(p, 24);
    p = recallocarray(p, 3, 6, 8); // found
    return 0;
}
