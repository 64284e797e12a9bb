// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a local array, with its size.
#include "sin.h"

int main(void)
{
    char local[64];
    free_sized(hide(local), sizeof local); // found
    return 0;
}
