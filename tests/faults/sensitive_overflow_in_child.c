// SPDX-License-Identifier: MIT OR Apache-2.0
// Overflows a sensitive local of a forked child's own, within one that it inherited.
#include "sin.h"

#include <smalloc.h>

static void child(void)
{
    SMALLOC_LOCAL_ARRAY(char, local, 24); // found
    spoil(hide(local), 24);
}

int main(void)
{
    SMALLOC_LOCAL_ARRAY(char, local, 24);
    touch(local, 0);
    return in_child(child);
}
