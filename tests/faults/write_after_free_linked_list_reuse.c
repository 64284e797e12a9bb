// SPDX-License-Identifier: MIT OR Apache-2.0
// Appends to a list through an element that was freed.
#include "sin.h"

struct element {
    char payload[32];
    char *volatile next;
};

int main(void)
{
    struct element *last = hide(malloc(sizeof *last)); // allocated
    free(last); // freed
    last->next = last->payload + 1; // an address whose lowest byte is not 0
    reuse_all(sizeof *last); // found
    return 0;
}
