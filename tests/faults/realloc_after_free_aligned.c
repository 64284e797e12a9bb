// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates an aligned block that was freed.
#include "sin.h"

int main(void)
{
    char *p = hide(aligned_alloc(64, 128));
    free(p);
    hide(realloc(p, 256));
    return 0;
}
