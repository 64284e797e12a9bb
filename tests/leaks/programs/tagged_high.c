/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pointer with a mark in its highest bits is none.
 * expected: lost 1 48 */
#include "leaks.h"

static volatile uint64_t held;

static void work(void) {
    held = (uintptr_t)node(NULL) | (uint64_t)1 << 56;
}

PROGRAM(work)
