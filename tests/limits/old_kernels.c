/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Kernels that lack what is newer than they are, and sandboxes that forbid it: everything works
 * all the same, and secmalloc_status says what is missing.
 */
#include "../api/rerun.h"
#include "seccomp.h"
#include "work.h"

#ifndef SYS_mseal
#define SYS_mseal 462
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif

enum { GUARD_INSTALL = 102, GUARD_REMOVE = 103 };

struct kernel {
    const char *name;
    struct rule without[8];
    int error;
    const char *missing; /* as status says */
};

static const struct kernel kernels[] = {
    {"without mseal", {{SYS_mseal, ANY_ARGUMENT}}, ENOSYS, "mseal"},
    {"without guard pages", {{SYS_madvise, GUARD_INSTALL}, {SYS_madvise, GUARD_REMOVE}}, EINVAL,
     "MADV_GUARD_INSTALL"},
    {"without getrandom", {{SYS_getrandom, ANY_ARGUMENT}}, ENOSYS, "getrandom"},
    {"that forbids mincore", {{SYS_mincore, ANY_ARGUMENT}}, EPERM, "mincore"},
    {"that moves no pages", {{SYS_mremap, ANY_ARGUMENT}}, EINVAL, ""},
    {"without advice", {{SYS_madvise, ANY_ARGUMENT}}, EINVAL, "MADV_GUARD_INSTALL"},
    {"of which we ask none of it",
     {{SYS_memfd_secret, ANY_ARGUMENT},
      {SYS_userfaultfd, ANY_ARGUMENT},
      {SYS_process_madvise, ANY_ARGUMENT},
      {SYS_ioctl, ANY_ARGUMENT}},
     ENOSYS, ""},
    {"without any of it",
     {{SYS_mseal, ANY_ARGUMENT},
      {SYS_madvise, GUARD_INSTALL},
      {SYS_madvise, GUARD_REMOVE},
      {SYS_getrandom, ANY_ARGUMENT},
      {SYS_mincore, ANY_ARGUMENT}},
     ENOSYS, "MADV_GUARD_INSTALL getrandom mincore mseal"},
};

static const struct kernel *kernel;

static size_t rules(const struct kernel *of) {
    size_t count = 0;
    while (count < 8 && of->without[count].number) count++;
    return count;
}

static void become(void) {
    filter_calls(kernel->without, rules(kernel), SECCOMP_RET_ERRNO | (unsigned)kernel->error,
                 SECCOMP_RET_ALLOW);
}

static int in_there(const char *number) {
    char text[1024];
    const struct kernel *here = &kernels[strtoul(number, NULL, 10)];
    work(11);
    CHECK_EQUAL(secmalloc_status(text, sizeof text), SECMALLOC_OK);
    const char *missing = strstr(text, "missing=");
    CHECK(missing, "status does not say what is missing: %s", text);
    missing += strlen("missing=");
    /* The real kernel may lack more. */
    char words[128];
    snprintf(words, sizeof words, "%s", here->missing);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        CHECK(strstr(missing, word), "%s is not said to be missing: %s", word, text);
    bool guards = !strstr(missing, "MADV_GUARD_INSTALL");
    CHECK(strstr(text, guards ? "guards=MADV_GUARD_INSTALL\n" : "guards=PROT_NONE\n"), "%s", text);
    CHECK(strstr(text, strstr(missing, "mseal") ? "sealed=no\n" : "sealed=yes\n"), "%s", text);
    CHECK(strstr(text, strstr(missing, "getrandom") ? "random=AT_RANDOM\n" : "random=getrandom\n"),
          "%s", text);
    return PASSED;
}

int main(int argc, char **argv) {
    start_ours_only();
    if (argc > 1) return in_there(argv[1]);
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        char text[4096], number[8];
        snprintf(number, sizeof number, "%zu", i);
        kernel = &kernels[i];
        struct rerun how = {.argument = number, .stream = 2, .prepare = become};
        int status = rerun(&how, text, sizeof text);
        if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
            puts("skipped: no filters of system calls here");
            return SKIPPED;
        }
        CHECK(status == 0, "a kernel %s: status 0x%x: %s", kernels[i].name, status, text);
    }
    return PASSED;
}
