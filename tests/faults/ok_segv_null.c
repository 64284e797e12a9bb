// SPDX-License-Identifier: MIT OR Apache-2.0
// Dies of a null pointer: SIGSEGV, and no word of ours, the heap has no part in it.
#include "sin.h"

int main(void)
{
    touch(NULL, 0);
    return 0;
}
