/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Parent and child of a fork do not place their next blocks alike: what one of them gives away says
 * nothing of the other.  In threads with a heap of their own, and where all share one (guard_all).
 */
#include "rerun.h"

enum { BLOCKS = 64 };

static void compare(size_t size) {
    static uintptr_t ours[BLOCKS], theirs[BLOCKS];
    int ends[2], same = 0;
    /* what was drawn before the fork is drawn in both alike: more than a magazine holds */
    for (int i = 0; i < BLOCKS; i++) need(malloc(any(size)));
    CHECK_EQUAL(pipe(ends), 0);
    pid_t child = fork();
    CHECK(child >= 0, "fork: errno %d", errno);
    for (int i = 0; i < BLOCKS; i++) need(malloc(any(size)));
    for (int i = 0; i < BLOCKS; i++) ours[i] = (uintptr_t)need(malloc(any(size)));
    if (child == 0) _exit(write(ends[1], ours, sizeof ours) == sizeof ours ? PASSED : FAILED);
    CHECK_EQUAL(read(ends[0], theirs, sizeof theirs), sizeof theirs);
    int status = 0;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    CHECK_EQUAL(status, 0);
    for (int i = 0; i < BLOCKS; i++) same += ours[i] == theirs[i];
    CHECK(same < BLOCKS / 2, "%zu bytes: %d of %d blocks at the same address in parent and child",
          size, same, BLOCKS);
}

int main(int argc, char **argv) {
    char text[256];
    start_ours_only();
    if (argc > 1 && strcmp(argv[1], "again") == 0) {
        compare(100);
        return PASSED;
    }
    compare(100);
    compare(1000);
    struct rerun how = {.argument = "again", .options = "guard_all=yes", .stream = 2};
    int status = rerun(&how, text, sizeof text);
    CHECK(status == 0, "with guard_all: %s", text);
    return PASSED;
}
