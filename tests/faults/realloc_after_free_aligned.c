// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates an aligned block that was freed.
#include "sin.h"

int main(void)
{
    char *p = hide(aligned_alloc(64, 128)); // allocated
    free(p); // freed
    hide(realloc(p, 256)); // found
    return 0;
}
