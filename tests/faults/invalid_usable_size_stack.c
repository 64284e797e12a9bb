// SPDX-License-Identifier: MIT OR Apache-2.0
// Asks for the usable size of a local array.
#include "sin.h"

int main(void)
{
    char local[64];
    return malloc_usable_size(hide(local)) == 0 ? 0 : 1; // found
}
