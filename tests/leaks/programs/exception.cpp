/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An exception passes a function that would have freed.
 * expected: lost 1 48 */
#include "leaks.h"
#include <stdexcept>

__attribute__((noinline)) static void middle(void) {
    struct node *one = node(nullptr);
    if (!there) throw std::runtime_error("a text that is not short, so that it is in a block");
    free(one);
}

static void work(void) {
    try {
        middle();
    } catch (const std::exception &error) {
        launder(const_cast<char *>(error.what()));
    }
}

PROGRAM(work)
