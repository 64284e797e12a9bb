/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pointer at an odd address of a variable: not looked at.
 * expected: lost 1 48 */
#include "leaks.h"

struct __attribute__((packed)) packed {
    char odd[3];
    struct node *volatile next;
};

static struct packed held __attribute__((aligned(8)));

static void work(void) {
    held.next = node(NULL);
}

PROGRAM(work)
