// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes past the end of what new made.
#include "sin.h"

int main()
{
    char *p = (char *)hide(operator new(24)); // allocated
    spoil(p, 24);
    operator delete(p); // found
    return 0;
}
