// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads before the lowest of many blocks: what lies before it is a guard, or the end of their region.
#include "sin.h"

int main(void)
{
    enum { MANY = 1024 };
    char *lowest = NULL;

    for (int i = 0; i < MANY; i++) {
        char *p = hide(malloc(65528)); // allocated
        if (lowest == NULL || p < lowest)
            lowest = p;
    }
    touch(lowest, -1); // found
    return 0;
}
