// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes the byte before a block and frees it in a forked child.
#include "sin.h"

static void child(void)
{
    char *p = side_by_side(24).high; // allocated
    spoil(p, -1);
    free(p); // found
}

int main(void)
{
    return in_child(child);
}
