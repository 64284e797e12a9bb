/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A map of strings in a global variable.
 * expected: none */
#include "leaks.h"
#include <map>
#include <string>

/* never destroyed, as many programs do it on purpose */
static std::map<std::string, std::string> *held;

static void work(void) {
    held = new std::map<std::string, std::string>;
    for (int i = 0; i < 1000; i++) (*held)[std::to_string(i) + std::string(40, 'k')] = std::string(100, 'v');
}

PROGRAM(work)
