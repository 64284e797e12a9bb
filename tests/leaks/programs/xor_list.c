/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A list whose links are differences of addresses.
 * expected: lost 3 48 */
#include "leaks.h"

static volatile uintptr_t first, last;

static void work(void) {
    uintptr_t *a = need(malloc(16)), *b = need(malloc(16)), *c = need(malloc(16));
    a[0] = (uintptr_t)b ^ 1, b[0] = (uintptr_t)a ^ (uintptr_t)c, c[0] = (uintptr_t)b ^ 1;
    a[1] = b[1] = c[1] = 0;
    first = ~(uintptr_t)a;
    last = ~(uintptr_t)c;
    a[0] = ~a[0], c[0] = ~c[0];
}

PROGRAM(work)
