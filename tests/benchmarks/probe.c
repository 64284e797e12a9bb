// SPDX-License-Identifier: MIT OR Apache-2.0
//
// Prints, for each function of the heap, the file that serves it: a peer that is preloaded but not
// found, or that leaves one of them to libc, must not be measured under its name.

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
    static const char *const names[] = {"malloc", "free", "calloc", "realloc", "posix_memalign"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        Dl_info info;
        // Not the name itself, which in this program may mean an entry of its linkage table.
        void *const address = dlsym(RTLD_DEFAULT, names[i]);
        if (address == NULL || dladdr(address, &info) == 0 || info.dli_fname == NULL) {
            fprintf(stderr, "probe: %s comes from nowhere\n", names[i]);
            return 1;
        }
        printf("%s %s\n", names[i], info.dli_fname);
    }
    // One round through the heap: a library that cannot serve this program serves none.
    for (size_t size = 1; size < 1 << 20; size *= 3) {
        char *const block = calloc(size, 1);
        char *const larger = block == NULL ? NULL : realloc(block, 2 * size);
        if (larger == NULL) {
            free(block);
            fputs("probe: no memory\n", stderr);
            return 1;
        }
        larger[2 * size - 1] = 1;
        free(larger);
    }
    return 0;
}
