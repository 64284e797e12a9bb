// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes past the end of what new made, and frees it: the overflow is the graver fault.
#include "sin.h"

int main()
{
    char *p = (char *)hide(operator new(24)); // allocated
    spoil(p, 24);
    free(p); // found
    return 0;
}
