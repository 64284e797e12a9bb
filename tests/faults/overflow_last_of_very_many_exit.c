// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows the last of a million blocks, none of which is freed: a sweep that may take little of the
// CPU time that the program has used does not get there.
#include "sin.h"

int main(void)
{
    char *last = NULL;
    for (int i = 0; i < 1000000; i++)
        last = hide(malloc(100));
    spoil(last, 100);
    return 0;
}
