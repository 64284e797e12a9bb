/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One block that nothing points to.
 * expected: lost 1 24 */
#include "leaks.h"

static void work(void) {
    need(malloc(24));
}

PROGRAM(work)
