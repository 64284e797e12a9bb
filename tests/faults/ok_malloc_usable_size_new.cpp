// SPDX-License-Identifier: MIT OR Apache-2.0
// Asks for the size of what new made: a question ends no block.
#include "sin.h"

int main()
{
    int *p = (int *)hide(new int[10]);
    size_t size = malloc_usable_size(p);

    delete[] p;
    return size != 10 * sizeof *p;
}
