/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Blocks on a boundary of one's own choice, by the call of C11 and by that of POSIX. */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int is_aligned(const void *block, size_t alignment)
{
    return (uintptr_t)block % alignment == 0;
}

int main(void)
{
    const size_t cache_line = 64;
    const size_t page = 4096;
    void *line = aligned_alloc(cache_line, 2 * cache_line);
    void *pages = NULL;
    int error = posix_memalign(&pages, page, 3 * page);
    int result = EXIT_FAILURE;

    if (line == NULL || error != 0) {
        fputs("no memory\n", stderr);
        goto out;
    }
    memset(line, 1, 2 * cache_line);
    memset(pages, 2, 3 * page);
    if (!is_aligned(line, cache_line) || !is_aligned(pages, page)) {
        fputs("not aligned\n", stderr);
        goto out;
    }

    /* An alignment that is no power of two is an error, not a guess. */
    if (posix_memalign(&(void *){ NULL }, 24, 100) == 0) {
        fputs("an alignment of 24 was accepted\n", stderr);
        goto out;
    }
    puts("aligned to a cache line and to a page");
    result = EXIT_SUCCESS;

out:
    free(line);
    free(error == 0 ? pages : NULL);
    return result;
}
