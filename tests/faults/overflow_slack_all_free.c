// SPDX-License-Identifier: MIT OR Apache-2.0
// Changes every byte between the end of the block and the end of its slot.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(520)); // allocated
    for (int i = 520; i < 640; i++)
        spoil(p, i);
    free(p); // found
    return 0;
}
