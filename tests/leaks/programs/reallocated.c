/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A table that grew by realloc, and is lost.
 * expected: lost 1 5000, indirectly 10 480 */
#include "leaks.h"

static void work(void) {
    struct node **table = NULL;
    for (size_t i = 0; i < 10; i++) {
        table = need(realloc(table, (i + 1) * 500));
        table[i * 62] = node(NULL);
        for (size_t at = i * 62 + 1; at < (i + 1) * 62; at++) table[at] = NULL;
    }
}

PROGRAM(work)
