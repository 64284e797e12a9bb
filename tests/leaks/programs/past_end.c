/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Pointers right behind blocks.
 * expected: lost 2 200048 */
#include "leaks.h"

static char *volatile held[2];

static void work(void) {
    held[0] = (char *)node(NULL) + sizeof(struct node);
    held[1] = (char *)need(malloc(200000)) + 200000;
}

PROGRAM(work)
