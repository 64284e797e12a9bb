// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a local array.
#include "sin.h"

int main(void)
{
    char local[64];
    free(hide(local)); // found
    return 0;
}
