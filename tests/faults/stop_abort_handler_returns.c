// SPDX-License-Identifier: MIT OR Apache-2.0
// Has a handler for SIGABRT that returns.
#include "sin.h"

static void handler(int number)
{
    (void)number;
}

int main(void)
{
    char *p = hide(malloc(24));
    signal(SIGABRT, handler);
    free(p);
    free(p);
    return 0;
}
