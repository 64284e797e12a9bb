/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Pointers with marks in their lowest bits.
 * expected: none */
#include "leaks.h"

static volatile uintptr_t held[3];

static void work(void) {
    for (uintptr_t tag = 0; tag < 3; tag++) held[tag] = (uintptr_t)node(NULL) | (tag + 1);
}

PROGRAM(work)
