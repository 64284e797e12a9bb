/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* new[] of a class with a destructor: the pointer is behind the number of elements.
 * expected: none */
#include "leaks.h"

struct counted {
    long value;
    counted() : value(1) {}
    ~counted() { there = 0; }
};

static counted *volatile held[2];

static void work(void) {
    held[0] = new counted[10];
    held[1] = static_cast<counted *>(launder(new counted[there]));
}

PROGRAM(work)
