/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An array of pointers, initialised, one of which is overwritten.
 * expected: lost 1 48 */
#include "leaks.h"

static struct node *volatile held[100] = {(struct node *)1};

static void work(void) {
    for (int i = 0; i < 100; i++) held[i] = node(NULL);
    held[50] = NULL;
}

PROGRAM(work)
