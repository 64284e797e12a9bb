// SPDX-License-Identifier: MIT OR Apache-2.0
// Counts down from the length, the end included, and so starts one too high.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100)); // allocated
    char value = unlike(p, 100);
    for (int i = 100; i >= 0; i--)
        put(p, i, value);
    free(p); // found
    return 0;
}
