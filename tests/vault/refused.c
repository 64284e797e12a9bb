/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where memory may not be locked, globals and locals are used without, and all else holds; with `sensitive=strict` the
 * program is stopped, and says why.
 */
#include "vault.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

/* Built with globals and without: one that is refused stops the program before it has locals. */
#ifndef LOCALS_ALONE
static unsigned char key[32] SMALLOC_SENSITIVE;
#endif

/* CAP_IPC_LOCK of linux/capability.h, which lets root lock without limit. */
enum { MAY_LOCK_WITHOUT_LIMIT = 14 };

/* Runs this program again, in which nothing may be locked; how it ended. */
static int again(char *self, const char *what, const char *options) {
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0, "fork: errno %d", errno);
    if (child == 0) {
        struct rlimit none = { 0, 0 };
        setrlimit(RLIMIT_CORE, &none);
        setrlimit(RLIMIT_MEMLOCK, &none);
        prctl(PR_CAPBSET_DROP, MAY_LOCK_WITHOUT_LIMIT, 0, 0, 0);
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        setenv("SECMALLOC_OPTIONS", options, 1);
        freopen("/dev/null", "w", stderr);
        execl(self, self, what, (char *)NULL);
        _exit(99);
    }
    CHECK(waitpid(child, &status, 0) == child, "waitpid: errno %d", errno);
    return status;
}

static void use(void) {
    SMALLOC_LOCAL(int, local);
    CHECK(*local == 0, "a new local is %d", *local);
    *local = 1;
    char flags[256];
    if (!flags_of(local, flags, sizeof flags)) return;
    CHECK(strstr(flags, " lo ") == NULL, "locked all the same: %s", flags);
    CHECK(strstr(flags, " dd ") && strstr(flags, " wf "), "a local: %s", flags);
#ifndef LOCALS_ALONE
    key[0] = 1;
    CHECK(flags_of(key, flags, sizeof flags), "smaps");
    CHECK(strstr(flags, " lo ") == NULL && strstr(flags, " dd ") && strstr(flags, " wf "), "a global: %s", flags);
#endif
}

int main(int argc, char **argv) {
    if (is_plain()) return 0;
    if (argc > 1) {
        /* Who has the right from elsewhere cannot be refused. */
        if (may_lock()) return SKIPPED;
        use();
        return 0;
    }
    int status = again(argv[0], "use", "");
    CHECK(WIFEXITED(status), "status 0x%x", status);
    if (WEXITSTATUS(status) == SKIPPED) return SKIPPED;
    CHECK_EQUAL(WEXITSTATUS(status), 0);
    status = again(argv[0], "use", "sensitive=strict");
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "status 0x%x", status);
    CHECK_EQUAL(again(argv[0], "use", "sensitive=strict:sensitive_lock=no"), 0);
    /* Secret memory counts as locked: it is refused, and what was to be replaced by it stays. */
    CHECK_EQUAL(again(argv[0], "use", "sensitive_backing=secret"), 0);
    return 0;
}
