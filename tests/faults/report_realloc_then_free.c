// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block that realloc has reported and, if it failed, left where it was.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    char *moved = hide(realloc(p, 500)); // found
    free(moved != NULL ? moved : p);
    return 0;
}
