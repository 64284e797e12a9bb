/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* free leaves errno alone (POSIX 2024), on every path; so do calls that succeed. */
#include "test.h"

enum { MARK = 4711 };

static const size_t sizes[] = {0, 1, 100, 5000, 65528, LARGE, 1000 * 1000, 64 * 1000 * 1000};

int main(void) {
    start();
    for (int round = 0; round < 200; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            errno = MARK;
            void *block = need(malloc(any(sizes[i])));
            CHECK(errno == MARK, "malloc(%zu) changed errno to %d", sizes[i], errno);
            free(block);
            CHECK(errno == MARK, "free of %zu bytes changed errno to %d", sizes[i], errno);
        }
    errno = MARK;
    free(NULL);
    if (is_ours()) {
        free_sized(NULL, any(0));
        free_aligned_sized(NULL, any(64), any(0));
        cfree(NULL);
    }
    CHECK_EQUAL(malloc_usable_size(NULL), 0);
    CHECK_EQUAL(errno, MARK);
    return PASSED;
}
