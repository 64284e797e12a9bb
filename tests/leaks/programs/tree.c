/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A table of blocks, the table lost.
 * expected: lost 1 800, indirectly 100 4800 */
#include "leaks.h"

static void work(void) {
    struct node **table = (struct node **)need(calloc(100, sizeof *table));
    for (int i = 0; i < 100; i++) table[i] = node(NULL);
}

PROGRAM(work)
