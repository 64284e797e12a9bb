// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed block and asks for a check of the whole heap.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    free(p); // freed
    put(p, 10, 1);
    secmalloc_check(NULL); // found
    return 0;
}
