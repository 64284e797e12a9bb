/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A setuid program must not be told by its caller's environment how careful to be: it ignores
 * SECMALLOC_OPTIONS.  Needs root, to make a copy of this program that is setuid to somebody else.
 */
#include "rerun.h"

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>

enum { NOBODY = 65534 };

static int show(void) {
    char text[64];
    if (!getauxval(AT_SECURE)) return SKIPPED;
    /* a preloaded library does not follow into a setuid program */
    if (!is_ours()) return SKIPPED;
    CHECK_EQUAL(secmalloc_option("policy", text, sizeof text), SECMALLOC_OK);
    CHECK(strcmp(text, "abort") == 0, "the environment made policy `%s`", text);
    fputs("secure", stderr);
    return PASSED;
}

static void copy_self(const char *path) {
    static char bytes[65536];
    ssize_t got;
    int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    CHECK(from >= 0 && to >= 0, "open: errno %d", errno);
    while ((got = read(from, bytes, sizeof bytes)) > 0)
        CHECK(write(to, bytes, (size_t)got) == got, "write: errno %d", errno);
    /* in this order: chown takes the setuid bit away */
    CHECK(fchown(to, NOBODY, NOBODY) == 0 && fchmod(to, 04755) == 0, "chown: errno %d", errno);
    close(from);
    close(to);
}

int main(int argc, char **argv) {
    if (argc > 1) return strcmp(argv[1], "show") == 0 ? show() : FAILED;
    start_ours_only();
    if (getuid() != 0) {
        puts("skipped: needs root");
        return SKIPPED;
    }
    char directory[] = "/tmp/secmalloc-test-XXXXXX", path[64], err[4096];
    CHECK(mkdtemp(directory) != NULL && chmod(directory, 0755) == 0, "mkdtemp: errno %d", errno);
    snprintf(path, sizeof path, "%s/setuid", directory);
    copy_self(path);
    struct rerun how = {
        .program = path,
        .argument = "show",
        .options = "policy=report:no_such_option=1",
        .stream = 2,
    };
    int status = rerun(&how, err, sizeof err);
    unlink(path);
    rmdir(directory);
    if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) {
        puts("skipped: no AT_SECURE here, or the library is preloaded");
        return SKIPPED;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && strstr(err, "error while loading shared libraries")) {
        puts("skipped: nobody but the owner of this directory finds the library there");
        return SKIPPED;
    }
    CHECK(status == 0 && strcmp(err, "secure") == 0, "status 0x%x: %s", status, err);
    return PASSED;
}
