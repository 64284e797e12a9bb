// SPDX-License-Identifier: MIT OR Apache-2.0
// Frees an overflowed block under policy=report: its memory must never be handed out again.
#include "sin.h"

int main(void)
{
    char *p = hide(malloc(24)); // allocated
    spoil(p, 24);
    free(p); // found
    static char *held[20000];
    for (int i = 0; i < 20000; i++)
        held[i] = hide(malloc(24));
    for (int i = 0; i < 20000; i++) {
        if (held[i] == p)
            return 1;
        free(held[i]);
    }
    return 0;
}
