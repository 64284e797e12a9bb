/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Blocks and variables out of reach: they are passed over.
 * expected: none */
#include "leaks.h"
#include <malloc.h>
#include <sys/mman.h>

static void *volatile held[3];
static char page[3 * 65536] __attribute__((aligned(65536)));

static void work(void) {
    held[0] = need(memalign(4096, 4096));
    held[1] = need(memalign(65536, 200000));
    held[2] = node(NULL);
    if (mprotect((void *)held[0], 4096, PROT_NONE) || mprotect((void *)held[1], 65536, PROT_NONE)
        || mprotect(page + 65536, 65536, PROT_NONE))
        _exit(97);
}

PROGRAM(work)
