/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Blocks with alignments; their sizes are those that were asked for.
 * expected: lost 5 100400 */
#include "leaks.h"
#include <malloc.h>

static void work(void) {
    void *out = NULL;
    need(aligned_alloc(64, 64));
    need(memalign(512, 10));
    need(memalign(4096, 100));
    if (posix_memalign(&out, 1 << 20, 226) != 0) _exit(97);
    launder(out);
    out = NULL;
    need(memalign(8192, 100000));
}

PROGRAM(work)
