// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads behind a large block of whole pages that realloc has made longer.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(102400));
    p = hide(realloc(p, 204800)); // allocated
    touch(p, 204800); // found
    return 0;
}
