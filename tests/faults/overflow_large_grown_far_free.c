// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes one byte far behind a large block that realloc has made longer twice, the second time by one byte.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000));
    p = hide(realloc(p, 500001));
    p = hide(realloc(p, 500002)); // allocated
    spoil(p, 500702);
    free(p); // found
    return 0;
}
