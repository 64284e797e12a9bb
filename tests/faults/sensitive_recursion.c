// SPDX-License-Identifier: MIT OR Apache-2.0
// Recurses until the sensitive stack is full.
#include "sin.h"

#include <smalloc.h>

static int deeper(int depth)
{
    SMALLOC_LOCAL_ARRAY(char, local, 1000); // found
    touch(local, 0);
    return depth == 0 ? 0 : deeper(depth - 1) + local[0];
}

int main(void)
{
    return deeper(500);
}
