/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Under RLIMIT_AS a heap that reserves much address space must make do with less: the program
 * starts, allocates, and at the end gets NULL and ENOMEM; after freeing there is memory again.
 */
#include "rerun.h"

#include <sys/resource.h>

enum { MIB = 1024 * 1024 };

static rlim_t limit;

static void limit_space(void) {
    struct rlimit both = {limit, limit};
    if (setrlimit(RLIMIT_AS, &both) != 0) _exit(125);
}

/* In the new process: to the end of the memory, and back. */
static int exhaust(size_t size) {
    void **last = NULL;
    size_t count = 0;
    for (;;) {
        errno = 0;
        void **block = launder(malloc(any(size)));
        if (!block) break;
        *block = last;
        last = block;
        count++;
    }
    CHECK_EQUAL(errno, ENOMEM);
    while (last) {
        void **before = *last;
        free(last);
        last = before;
    }
    fprintf(stderr, "%zu", count * size / MIB);
    malloc_trim(0);
    for (int i = 0; i < 100; i++) free(need(malloc(any(size))));
    return PASSED;
}

int main(int argc, char **argv) {
    static const char *const sizes[] = {"100", "1000", "20000", "200000"};
    static const unsigned limits[] = {256, 1024, 4096};
    start();
    if (argc > 1) return exhaust(strtoul(argv[1], NULL, 10));
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            if (limits[i] == 4096 && k != 3) continue; /* it would take long to fill */
            char text[4096];
            limit = (rlim_t)limits[i] * MIB;
            struct rerun how = {.argument = sizes[k], .stream = 2, .prepare = limit_space};
            int status = rerun(&how, text, sizeof text);
            CHECK(status == 0, "%u MiB, blocks of %s: status 0x%x: %s", limits[i], sizes[k],
                  status, text);
            unsigned long got = strtoul(text, NULL, 10);
            CHECK(got >= limits[i] / 4, "of %u MiB only %lu MiB in blocks of %s bytes", limits[i],
                  got, sizes[k]);
        }
    return PASSED;
}
