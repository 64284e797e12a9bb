// SPDX-License-Identifier: MIT OR Apache-2.0
// Writes to a freed block whose memory went back to the kernel, when other blocks of its slab are in use again.
#include "sin.h"

#include <malloc.h>

enum { BLOCKS = 20000, AGAIN = 12000, PAGE = 4096, SIZE = 100, SLOT = 112 };

static int by_address(const void *a, const void *b)
{
    const char *left = *(char *const *)a, *right = *(char *const *)b;
    return (left > right) - (left < right);
}

int main(void)
{
    static char *block[BLOCKS], *again[AGAIN], *sorted[AGAIN];
    for (int i = 0; i < BLOCKS; i++)
        block[i] = hide(malloc(SIZE)); // allocated
    for (int i = 0; i < BLOCKS; i++)
        free(block[i]); // freed
    malloc_trim(0);
    for (int i = 0; i < AGAIN; i++)
        sorted[i] = again[i] = hide(malloc(SIZE));
    qsort(block, BLOCKS, sizeof *block, by_address);
    qsort(sorted, AGAIN, sizeof *sorted, by_address);
    // The last to be taken into use again lie beside some that were not yet. Within a page, all is of one slab.
    for (int i = AGAIN - 1; i > 0; i--) {
        char *next = again[i] + SLOT;
        if ((uintptr_t)next % PAGE >= SLOT && bsearch(&next, block, BLOCKS, sizeof *block, by_address) &&
            !bsearch(&next, sorted, AGAIN, sizeof *sorted, by_address)) {
            spoil(next, 5);
            break;
        }
    }
    for (int i = 0; i < BLOCKS; i++)
        hide(malloc(SIZE)); // found
    return 0;
}
