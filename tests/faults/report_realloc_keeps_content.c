// SPDX-License-Identifier: MIT OR Apache-2.0
// Reallocates an overflowed block under policy=report: moved or not, its bytes are kept.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(16)); // allocated
    memcpy(p, "sixteen letters!", 16);
    spoil(p, 16);
    char *moved = hide(realloc(p, 500)); // found
    return memcmp(moved != NULL ? moved : p, "sixteen letters!", 16) == 0 ? 0 : 1;
}
