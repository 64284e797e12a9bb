// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees a large block, three others, and the first again.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(100000)); // allocated
    char *other[3] = {hide(malloc(100000)), hide(malloc(200000)), hide(malloc(300000))};
    free(p); // freed
    for (int i = 0; i < 3; i++)
        free(other[i]);
    free(p); // found
    return 0;
}
