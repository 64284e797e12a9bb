/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A global variable of a library that was unloaded.
 * expected: lost 1 48 */
#include "leaks.h"
#include <dlfcn.h>

static void work(void) {
    void *plugin = dlopen(PLUGIN, RTLD_NOW);
    struct node **global = plugin ? (struct node **)dlsym(plugin, "global") : NULL;
    if (!global) _exit(97);
    *global = node(NULL);
    dlclose(plugin);
}

PROGRAM(work)
