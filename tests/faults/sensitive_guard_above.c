// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads behind the sensitive stack.
#include "sin.h"

#include <smalloc.h>

int main(void)
{
    SMALLOC_LOCAL_ARRAY(char, local, 100); // at the stack's start
    touch(hide(local), 256 * 1024 + 7); // found
    return 0;
}
