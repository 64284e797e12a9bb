/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A thread-local object with a destructor, of a thread that lives.
 * expected: none */
#include "leaks.h"
#include <string>
#include <vector>

static thread_local std::vector<std::string> own;

static void fill(void) {
    for (int i = 0; i < 100; i++) own.push_back(std::string(100, 'x'));
}

static void *thread(void *argument) {
    forget(fill);
    park();
    return argument;
}

static void work(void) {
    begin(thread, NULL);
}

PROGRAM(work)
