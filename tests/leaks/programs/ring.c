/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Two blocks that point to each other: each is pointed to by a lost one.
 * expected: indirectly 2 96 */
#include "leaks.h"

static void work(void) {
    struct node *one = node(NULL);
    one->next = node(one);
}

PROGRAM(work)
