// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows one of 3000 blocks, none of which is freed.
#include "sin.h"

int main(void)
{
    char *middle = NULL;
    for (int i = 0; i < 3000; i++) {
        char *p = hide(malloc(200)); // allocated
        if (i == 1500)
            middle = p;
    }
    spoil(middle, 200);
    return 0;
}
