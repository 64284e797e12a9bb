/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A thread-local variable of a library that was loaded by dlopen: the C library keeps it in a block.
 * expected: none */
#include "leaks.h"
#include <dlfcn.h>

static void *thread(void *argument) {
    void *plugin = dlopen(PLUGIN, RTLD_NOW);
    struct node **(*own)(void) = plugin ? (struct node **(*)(void))dlsym(plugin, "own") : NULL;
    if (!own) _exit(97);
    *own() = node(node(NULL));
    wipe();
    park();
    return argument;
}

static void work(void) {
    begin(thread, NULL);
}

PROGRAM(work)
