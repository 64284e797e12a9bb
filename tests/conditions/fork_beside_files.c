/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * fork while other threads use files. glibc's fork locks the list of open files; who flushes all of them holds the
 * list and waits for one file, whose reader waits for memory. No two of the three may wait for each other for ever,
 * and the child may open, read and flush files, as after any fork of glibc's.
 * SECMALLOC_TEST_LONG in the environment: ten times as many forks.
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>

enum { READERS = 3, FORKERS = 2, FORKS = 20, LINE = 50000, SECONDS = 60, PAUSE_US = 100 };

static atomic_bool stop;
static char path[] = "/tmp/secmalloc-fork-beside-files-XXXXXX";

static FILE *open_line(void) {
    FILE *file = fopen(path, "r");
    CHECK(file != NULL, "cannot open %s: errno %d", path, errno);
    return file;
}

/* A line that takes many steps of realloc while the file is locked. */
static void read_line(FILE *file) {
    char *line = NULL;
    size_t room = 0;
    rewind(file);
    CHECK_EQUAL(getline(&line, &room, file), LINE);
    free(line);
}

static void *read_lines(void *unused) {
    FILE *file = open_line();
    while (!atomic_load(&stop)) read_line(file);
    fclose(file);
    return unused;
}

static void *flush_all(void *unused) {
    while (!atomic_load(&stop)) {
        CHECK_EQUAL(fflush(NULL), 0);
        /* The list's lock is not fair: forks would wait for seconds. */
        usleep(PAUSE_US);
    }
    return unused;
}

static void *use_files(void *unused) {
    FILE *file = open_line();
    read_line(file);
    fclose(file);
    return unused;
}

/* The list of files must be free for this thread and for others. */
static void child(void) {
    pthread_t other;
    alarm(SECONDS);
    use_files(NULL);
    CHECK_EQUAL(fflush(NULL), 0);
    CHECK_EQUAL(pthread_create(&other, NULL, use_files, NULL), 0);
    CHECK_EQUAL(pthread_join(other, NULL), 0);
    _exit(PASSED);
}

static void *fork_often(void *forks) {
    for (size_t round = 0; round < (size_t)forks; round++) {
        pid_t id = fork();
        CHECK(id >= 0, "fork: errno %d", errno);
        if (id == 0) child();
        int status = 0;
        CHECK_EQUAL(waitpid(id, &status, 0), id);
        CHECK(status == 0, "fork %zu: the child ended with status 0x%x", round, status);
    }
    return NULL;
}

int main(void) {
    pthread_t readers[READERS], flusher, forkers[FORKERS];
    size_t forks = getenv("SECMALLOC_TEST_LONG") ? 10 * FORKS : FORKS;
    start();
    int descriptor = mkstemp(path);
    CHECK(descriptor >= 0, "cannot make %s: errno %d", path, errno);
    char *line = need(malloc(LINE));
    memset(line, 'x', LINE - 1);
    line[LINE - 1] = '\n';
    CHECK_EQUAL(write(descriptor, line, LINE), LINE);
    free(line);
    close(descriptor);
    /* With one thread nothing is locked; a process that hangs dies of the alarm. */
    alarm(3 * SECONDS);
    fork_often((void *)5);
    for (int i = 0; i < READERS; i++)
        CHECK_EQUAL(pthread_create(&readers[i], NULL, read_lines, NULL), 0);
    CHECK_EQUAL(pthread_create(&flusher, NULL, flush_all, NULL), 0);
    for (int i = 0; i < FORKERS; i++)
        CHECK_EQUAL(pthread_create(&forkers[i], NULL, fork_often, (void *)forks), 0);
    for (int i = 0; i < FORKERS; i++) pthread_join(forkers[i], NULL);
    atomic_store(&stop, true);
    for (int i = 0; i < READERS; i++) pthread_join(readers[i], NULL);
    pthread_join(flusher, NULL);
    unlink(path);
    return PASSED;
}
