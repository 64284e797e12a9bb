// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates a local array to no bytes.
#include "sin.h"

int main(void)
{
    char local[64];
    hide(realloc(hide(local), 0)); // found
    return 0;
}
