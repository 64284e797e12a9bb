// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes far past a sensitive local, over one of an inner block, whose end is the first to come.
#include "sin.h"

#include <smalloc.h>

int main(void)
{
    SMALLOC_LOCAL_ARRAY(char, outer, 100);
    {
        SMALLOC_LOCAL_ARRAY(char, inner, 32); // found
        for (int i = 0; i < 80; i++)
            spoil(hide(outer), 100 + i);
        touch(inner, 0); // found at the end of this block
    }
    return 0;
}
