/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pointer to the second base of an object.
 * expected: none */
#include "leaks.h"

struct first {
    virtual ~first() {}
    long a = 1;
};
struct second {
    virtual ~second() {}
    long b = 2;
};
struct both : first, second {
    struct node *more = node(nullptr);
};

static second *volatile held;

static void work(void) {
    held = new both;
}

PROGRAM(work)
