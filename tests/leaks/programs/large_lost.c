/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A large block that is lost, with a small and a large one behind it.
 * expected: lost 1 200000, indirectly 2 100048 */
#include "leaks.h"

static void work(void) {
    void **large = need(calloc(1, 200000));
    large[20000] = node(NULL);
    large[24999] = need(malloc(100000));
}

PROGRAM(work)
