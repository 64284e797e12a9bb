/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where the report of a fault goes: to standard error, also without /proc and where the process is not to
 * be looked at; not into a file that came to be descriptor 2 because the process was started
 * without one; and a reader that went away does not end the process by SIGPIPE first.
 */
#include "rerun.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

static char name[] = "/tmp/secmalloc-stderr-XXXXXX";

static void err(void) {
    static int no_block[8];
    char *block = need(malloc(any(24)));
    ((char *)launder(block))[24] ^= 0x55;
    free(launder(&no_block[2]));
    _exit(FAILED);
}

static int child(const char *how) {
    if (strcmp(how, "opened") == 0) {
        /* The program's own file, and whatever is written to descriptor 2 would land in it. */
        int file = open(getenv("FILE_NAME"), O_WRONLY);
        if (file != 2) _exit(FAILED);
    } else if (strcmp(how, "chroot") == 0) {
        char empty[] = "/tmp/secmalloc-empty-XXXXXX";
        if (!mkdtemp(empty) || chdir(empty) != 0) _exit(FAILED);
        rmdir(empty);
        if (chroot(".") != 0) _exit(SKIPPED);
    } else if (strcmp(how, "dumpable") == 0) {
        prctl(PR_SET_DUMPABLE, 0);
    } else if (strcmp(how, "pipe") == 0) {
        int ends[2];
        if (pipe(ends) != 0) _exit(FAILED);
        dup2(ends[1], 2);
        close(ends[0]);
        close(ends[1]);
    }
    err();
    return FAILED;
}

static void close_error(void) { close(2); }

static void expect(const char *how, void (*prepare)(void), bool heard) {
    char text[4096];
    struct rerun run = {.argument = how, .stream = 2, .prepare = prepare};
    int status = rerun(&run, text, sizeof text);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) return;
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "%s: status 0x%x, said: %s", how,
          status, text);
    CHECK((strstr(text, ": invalid-free: free: ") != NULL) == heard, "%s: said: %s", how, text);
}

int main(int argc, char **argv) {
    start_ours_only();
    if (argc > 1) return child(argv[1]);
    int file = mkstemp(name);
    CHECK(file >= 0, "mkstemp: errno %d", errno);
    setenv("FILE_NAME", name, 1);
    expect("plain", NULL, true);
    expect("dumpable", NULL, true);
    expect("chroot", NULL, true);
    expect("pipe", NULL, false);
    expect("closed", close_error, false);
    expect("opened", close_error, false);
    struct stat now;
    CHECK_EQUAL(fstat(file, &now), 0);
    unlink(name);
    CHECK_EQUAL(now.st_size, 0);
    return PASSED;
}
