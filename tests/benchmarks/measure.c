// SPDX-License-Identifier: MIT OR Apache-2.0
//
// measure FD TIMES PRELOAD PROGRAM [ARGUMENT...]: runs PROGRAM, TIMES times one after the other,
// with LD_PRELOAD=PRELOAD if that is not empty, and writes one line of JSON to FD: the sums of wall
// clock and CPU time in seconds and of minor faults, the largest peak of resident memory in KiB,
// and the first wait status that was not 0.
//
// It is linked statically and does next to nothing, because a child's peak counts from the moment
// of exec, when it still has the memory of whoever started it: below an interpreter every program
// would seem as large as the interpreter. Nor is it preloaded itself. The resources are those of
// the child and of the descendants that the child waited for.

#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t) {
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static long number(const char *text, const char *what) {
    char *end;
    errno = 0;
    const long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 1) {
        fprintf(stderr, "measure: %s must be a number from 1, not '%s'\n", what, text);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fputs("usage: measure FD TIMES PRELOAD PROGRAM [ARGUMENT...]\n", stderr);
        return 2;
    }
    const long fd = number(argv[1], "FD");
    const long times = number(argv[2], "TIMES");
    if (argv[3][0] != '\0' && setenv("LD_PRELOAD", argv[3], 1) != 0) {
        perror("measure: setenv");
        return 1;
    }

    double cpu = 0;
    long peak = 0, faults = 0;
    int failed = 0;
    const double start = now();
    for (long i = 0; i < times && failed == 0; i++) {
        pid_t child;
        struct rusage used;
        int status;
        // posix_spawn shares memory with the child until exec: nothing is copied.
        const int error = posix_spawnp(&child, argv[4], NULL, NULL, argv + 4, environ);
        if (error != 0) {
            fprintf(stderr, "measure: %s: %s\n", argv[4], strerror(error));
            return 1;
        }
        while (wait4(child, &status, 0, &used) < 0) {
            if (errno != EINTR) {
                perror("measure: wait4");
                return 1;
            }
        }
        cpu += seconds(used.ru_utime) + seconds(used.ru_stime);
        faults += used.ru_minflt;
        if (used.ru_maxrss > peak) {
            peak = used.ru_maxrss;
        }
        failed = status;
    }
    const double wall = now() - start;

    if (dprintf((int)fd,
                "{\"wall\": %.6f, \"cpu\": %.6f, \"peak\": %ld, \"faults\": %ld, \"status\": %d}\n",
                wall, cpu, peak, faults, failed) < 0) {
        perror("measure: write");
        return 1;
    }
    return 0;
}
