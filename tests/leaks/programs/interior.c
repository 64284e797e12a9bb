/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Pointers to the second and the last byte of blocks.
 * expected: none */
#include "leaks.h"

static char *volatile held[3];

static void work(void) {
    held[0] = (char *)node(NULL) + 1;
    held[1] = (char *)node(NULL) + sizeof(struct node) - 1;
    held[2] = (char *)need(malloc(200000)) + 199999;
}

PROGRAM(work)
