// SPDX-License-Identifier: MIT OR Apache-2.0
// Copies a string into a block that has room for its NUL and no more.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(17));
    strcpy(p, "sixteen letters!");
    free(p);
    return 0;
}
