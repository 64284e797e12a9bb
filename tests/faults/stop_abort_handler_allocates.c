// SPDX-License-Identifier: MIT OR Apache-2.0
// Has a handler for SIGABRT that uses the heap, as crash reporters do.
#include "sin.h"

static void handler(int number)
{
    (void)number;
    free(hide(malloc(24)));
    free(hide(malloc(100000)));
}

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    signal(SIGABRT, handler);
    free(p); // freed
    free(p); // found
    return 0;
}
