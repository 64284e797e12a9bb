// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a local array in a forked child.
#include "sin.h"

static void child(void)
{
    char local[64];
    free(hide(local)); // found
}

int main(void)
{
    return in_child(child);
}
