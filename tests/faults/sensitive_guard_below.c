// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes before the sensitive stack.
#include "sin.h"

#include <smalloc.h>

int main(void)
{
    SMALLOC_LOCAL_ARRAY(char, local, 100); // at the stack's start
    spoil(hide(local), -1); // found
    return 0;
}
