// SPDX-License-Identifier: MIT OR Apache-2.0
// Appends to a list through an element that was freed.
#include "sin.h"

struct element {
    char payload[32];
    struct element *volatile next;
};

int main(void)
{
    struct element *last = hide(malloc(sizeof *last));
    free(last);
    last->next = last;
    reuse_all(sizeof *last);
    return 0;
}
