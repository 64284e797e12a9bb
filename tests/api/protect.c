// SPDX-License-Identifier: MIT OR Apache-2.0
// A program may change the protection of pages that it allocated at a page's start, as the example
// of mprotect(2) does.
#include <sys/mman.h>

#include "test.h"

int main(void) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t pages = 1; pages <= 64; pages *= 2) {
        char *block = aligned_alloc(page, pages * page);
        CHECK(block != NULL, "aligned_alloc");
        memset(block, 'x', pages * page);
        CHECK(mprotect(block, page, PROT_READ) == 0, "%zu pages: %s", pages, strerror(errno));
        CHECK_EQUAL(block[page - 1], 'x');
        CHECK(mprotect(block, page, PROT_READ | PROT_WRITE) == 0, "%s", strerror(errno));
        free(block);
    }
    return PASSED;
}
