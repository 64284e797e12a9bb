// SPDX-License-Identifier: MIT OR Apache-2.0
// Lets the kernel write a byte too many: read(2) into a block that is too short.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    char source[25];
    int ends[2];
    memset(source, unlike(p, 24), sizeof source);
    if (pipe(ends) != 0 || write(ends[1], source, sizeof source) != sizeof source)
        return 99;
    if (read(ends[0], p, sizeof source) != sizeof source)
        return 99;
    free(p); // found
    return 0;
}
