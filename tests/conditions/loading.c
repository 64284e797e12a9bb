/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* dlopen and dlclose of what allocates in its constructors and destructors; nothing is left behind. */
#include "test.h"

#include <dlfcn.h>

enum { ROUNDS = 300, MARGIN_KIB = 256 };

int main(int argc, char **argv) {
    long before = 0;
    start();
    CHECK(argc > 1, "no plugin was named");
    for (int round = 0; round < ROUNDS; round++) {
        if (round == ROUNDS / 3) before = resident();
        void *plugin = dlopen(argv[1], round % 2 ? RTLD_NOW : RTLD_LAZY | RTLD_GLOBAL);
        CHECK(plugin != NULL, "dlopen: %s", dlerror());
        int (*use)(void);
        *(void **)&use = dlsym(plugin, "plugin_use");
        CHECK(use != NULL && use() == 0, "the plugin's memory is not what it was");
        CHECK_EQUAL(dlclose(plugin), 0);
        /* errors are allocated too */
        CHECK(dlopen("/nonexistent/library.so", RTLD_NOW) == NULL && dlerror(), "a library came up");
    }
    CHECK(resident() < before + MARGIN_KIB, "%ld KiB resident, %ld before", resident(), before);
    return PASSED;
}
