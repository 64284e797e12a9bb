// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees an array with the size of one element.
#include "sin.h"

int main(void)
{
    char *p = hide(calloc(10, 12)); // allocated
    free_sized(p, 12); // found
    return 0;
}
