/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Run this program once more, from its start, as another process: for what is decided once in a
 * process (options, placement).  The new process is told what to do by its argument.
 */
#ifndef SECMALLOC_TEST_RERUN_H
#define SECMALLOC_TEST_RERUN_H

#include "test.h"

#include <limits.h>

struct rerun {
    const char *program; /* NULL: this program's own file */
    const char *argument;
    const char *options; /* SECMALLOC_OPTIONS of the new process; NULL: not set */
    int stream; /* which is wanted: 1, or 2 and then what goes to 1 is dropped */
    void (*prepare)(void); /* called before exec; NULL: nothing */
};

/* Runs it; text gets what it wrote on the stream, as a string.  Returns its wait status. */
static inline int rerun(const struct rerun *how, char *text, size_t size) {
    int ends[2];
    CHECK(pipe(ends) == 0, "pipe: errno %d", errno);
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0, "fork: errno %d", errno);
    if (child == 0) {
        if (how->stream == 2 && !freopen("/dev/null", "w", stdout)) _exit(125);
        dup2(ends[1], how->stream);
        close(ends[0]);
        close(ends[1]);
        if (how->options) setenv("SECMALLOC_OPTIONS", how->options, 1);
        else unsetenv("SECMALLOC_OPTIONS");
        if (how->prepare) how->prepare();
        const char *program = how->program ? how->program : "/proc/self/exe";
        execl(program, program, how->argument, (char *)NULL);
        _exit(126);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], text + length, size - 1 - length)) > 0) length += (size_t)got;
    text[length] = '\0';
    close(ends[0]);
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child, "waitpid: errno %d", errno);
    return status;
}

#endif
