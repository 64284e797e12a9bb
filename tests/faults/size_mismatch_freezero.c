// SPDX-License-Identifier: MIT OR Apache-2.0
// Ends a block and wipes one byte more than it has.
#include "sin.h"

int main(void)
{
    freezero(hide(malloc(24)), 25); // found, allocated
    return 0;
}
