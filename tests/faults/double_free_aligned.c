// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees an aligned block twice.
#include "sin.h"

int main(void)
{
    char *p = hide(aligned_alloc(256, 1024)); // allocated
    free(p); // freed
    free(p); // found
    return 0;
}
