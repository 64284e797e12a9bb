/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The same, lost.
 * expected: lost 2 96 */
#include "leaks.h"

struct counted {
    long value;
    counted() : value(1) {}
    ~counted() { there = 0; }
};

static void work(void) {
    launder(new counted[10]);
    launder(new counted[there]);
}

PROGRAM(work)
