// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates an overflowed block under policy=report: the caller still gets its bytes.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(16));
    memcpy(p, "sixteen letters!", 16);
    spoil(p, 16);
    char *moved = hide(realloc(p, 500));
    return moved != NULL && memcmp(moved, "sixteen letters!", 16) == 0 ? 0 : 1;
}
