/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pointer in memory that the program mapped itself.
 * expected: none
 * LeakSanitizer: lost 1 48: memory that the program mapped itself is no root there */
#include "leaks.h"
#include <sys/mman.h>

static struct node **held;

static void work(void) {
    held = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (held == MAP_FAILED) _exit(97);
    held[10] = node(NULL);
}

PROGRAM(work)
