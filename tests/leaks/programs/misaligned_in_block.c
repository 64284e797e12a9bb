/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pointer at an odd offset of a block that can be reached: not looked at.
 * expected: lost 1 48 */
#include "leaks.h"

static char *volatile held;

static void work(void) {
    struct node *one = node(NULL);
    held = need(calloc(1, 100));
    memcpy(held + 4, &one, sizeof one);
}

PROGRAM(work)
