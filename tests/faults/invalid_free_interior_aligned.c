// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees the address 16 bytes inside an aligned block.
#include "sin.h"

int main(void)
{
    char *p = hide(aligned_alloc(4096, 8192)); // allocated
    free(p + 16); // found
    return 0;
}
