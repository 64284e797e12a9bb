// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block of calloc twice.
#include "sin.h"

int main(void)
{
    char *p = hide(calloc(10, 10)); // allocated
    free(p); // freed
    free(p); // found
    return 0;
}
