// SPDX-License-Identifier: MIT OR Apache-2.0
// Appends one letter to what strdup returned.
#include "sin.h"

int main(void)
{
    char *p = hide(strdup("a string")); // allocated
    spoil(p, 9);
    free(p); // found
    return 0;
}
