// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads behind a large block of whole pages that realloc has made shorter.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(204800));
    p = hide(realloc(p, 102400)); // allocated
    touch(p, 102400); // found
    return 0;
}
