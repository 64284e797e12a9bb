// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a thread-local array.
#include "sin.h"

static _Thread_local char array[64];

int main(void)
{
    free(hide(array)); // found
    return 0;
}
