/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Pointers in a large block, and in one that is large and was never touched elsewhere.
 * expected: none */
#include "leaks.h"

static struct node **held[2];

static void work(void) {
    held[0] = (struct node **)need(malloc(1000000));
    memset(held[0], 1, 1000000);
    held[0][100001] = node(node(NULL));
    held[1] = (struct node **)need(calloc(1, 256 << 20));
    held[1][(128 << 20) / 8] = node(NULL);
}

PROGRAM(work)
