// SPDX-License-Identifier: MIT OR Apache-2.0
// Has a handler of its own for SIGSEGV, which is called, and leaves through it.
#include "sin.h"

static void handler(int number)
{
    (void)number;
    _exit(0);
}

int main(void)
{
    signal(SIGSEGV, handler);
    touch(NULL, 0);
    return 1;
}
