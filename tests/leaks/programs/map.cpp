/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A map of long strings, lost: its nodes point back to it.
 * expected: indirectly 21 2588 */
#include "leaks.h"
#include <map>
#include <string>

static void work(void) {
    auto *map = static_cast<std::map<std::string, int> *>(launder(new std::map<std::string, int>));
    for (int i = 0; i < 10; i++) (*map)[std::string(181, static_cast<char>('a' + i))] = i;
}

PROGRAM(work)
