// SPDX-License-Identifier: MIT OR Apache-2.0
// Reads from the first of three freed large blocks.
#include "sin.h"

int main(void)
{
    char *p[3] = {hide(malloc(100000)), hide(malloc(200000)), hide(malloc(300000))}; // allocated
    for (int i = 0; i < 3; i++)
        free(p[i]); // freed
    touch(p[0], 10); // found
    return 0;
}
