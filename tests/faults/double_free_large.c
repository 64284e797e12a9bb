// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a 100000-byte block twice.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    free(p); // freed
    free(p); // found
    return 0;
}
