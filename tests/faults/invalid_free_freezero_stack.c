// SPDX-License-Identifier: MIT OR Apache-2.0
// Ends and wipes an array that is on the stack.
#include "sin.h"

int main(void)
{
    char a[32];
    freezero(hide(a), 32); // found
    return 0;
}
