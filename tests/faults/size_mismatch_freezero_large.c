// SPDX-License-Identifier: MIT OR Apache-2.0
// The same with a large block.
#include "sin.h"

int main(void)
{
    freezero(hide(malloc(100000)), 100001); // found, allocated
    return 0;
}
