/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Two objects that share each other.
 * expected: indirectly 2 64 */
#include "leaks.h"
#include <memory>

struct one {
    std::shared_ptr<one> other;
};

static void work(void) {
    auto a = std::make_shared<one>(), b = std::make_shared<one>();
    a->other = b;
    b->other = a;
}

PROGRAM(work)
