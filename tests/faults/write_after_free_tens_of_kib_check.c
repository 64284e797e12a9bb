// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed block of 40000 bytes and asks for a check of the whole heap.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(40000)); // allocated
    free(p); // freed
    put(p, 39999, 1);
    secmalloc_check(NULL); // found
    return 0;
}
