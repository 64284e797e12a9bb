// SPDX-License-Identifier: MIT OR Apache-2.0
// Has a handler for SIGABRT that returns.
#include "sin.h"

static void handler(int number)
{
    (void)number;
}

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    signal(SIGABRT, handler);
    free(p); // freed
    free(p); // found
    return 0;
}
