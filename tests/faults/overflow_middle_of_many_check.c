// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows one of 3000 blocks and asks for a check of the whole heap.
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
    secmalloc_check(NULL); // found
    return 0;
}
