// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a block, which a destructor of the program frees again.
#include "sin.h"

static char *p;

__attribute__((destructor)) static void clean_up(void)
{
    free(p); // found
}

int main(void)
{
    p = hide(malloc(24)); // allocated
    free(p); // freed
    return 0;
}
