/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The old interface to a heap's inside: mallinfo, malloc_info, malloc_stats, mallopt. */
#include "test.h"

enum { BLOCKS = 2000, SIZE = 1000 };

#pragma GCC diagnostic ignored "-Wdeprecated-declarations" /* mallinfo is, and stays in use */

static void figures(void) {
    static void *blocks[BLOCKS];
    struct mallinfo2 before = mallinfo2();
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = need(malloc(any(SIZE)));
        memset(blocks[i], 1, SIZE);
    }
    struct mallinfo2 full = mallinfo2();
    size_t grown = full.uordblks - before.uordblks;
    CHECK(grown >= (size_t)BLOCKS * SIZE / 2 && grown <= (size_t)BLOCKS * SIZE * 3,
          "uordblks grew by %zu for %d blocks of %d bytes", grown, BLOCKS, SIZE);
    struct mallinfo old = mallinfo();
    CHECK((size_t)(unsigned)old.uordblks <= full.uordblks + 65536, "mallinfo: %u, mallinfo2: %zu",
          (unsigned)old.uordblks, full.uordblks);
    for (int i = 0; i < BLOCKS; i++) free(blocks[i]);
    CHECK(mallinfo2().uordblks < full.uordblks, "uordblks did not fall");
}

static void info(void) {
    char *text = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&text, &size);
    CHECK(file != NULL, "open_memstream: errno %d", errno);
    CHECK_EQUAL(malloc_info(0, file), 0);
    fclose(file);
    CHECK(strncmp(text, "<malloc version", 15) == 0, "malloc_info wrote %s", text);
    CHECK(strstr(text, "</malloc>"), "malloc_info does not end: %s", text);
    free(text);
    /* any other option is refused: glibc gives back EINVAL, others -1 */
    CHECK(malloc_info(1, stdout) != 0, "malloc_info took option 1");
}

/* Writes to stderr: looked at from another process. */
static void stats(void) {
    char text[65536];
    int ends[2], status;
    CHECK(pipe(ends) == 0, "pipe: errno %d", errno);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 2);
        malloc_stats();
        exit(PASSED);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], text, sizeof text);
    close(ends[0]);
    CHECK(waitpid(child, &status, 0) == child && status == 0, "malloc_stats: status 0x%x", status);
    CHECK(got > 0, "malloc_stats wrote nothing");
}

/* Settings of another allocator: taken and without effect, but never an error of the program. */
static void options(void) {
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 20);
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_PERTURB, 0x55);
    mallopt(12345, 6);
    void *block = need(calloc(any(1000), 1));
    check_zero(block, 1000, "calloc after mallopt");
    free(block);
    mallopt(M_PERTURB, 0);
    int result = malloc_trim(0);
    CHECK(result == 0 || result == 1, "malloc_trim gave %d", result);
}

/* Small blocks that are free, and a large one, for malloc_info.py to read about. */
static int write_info(void) {
    for (size_t size = 0; size < 70000; size += 999) free(need(malloc(any(size))));
    void *large = need(malloc(any(1 << 20)));
    CHECK_EQUAL(malloc_info(0, stdout), 0);
    fflush(stdout);
    free(large);
    return PASSED;
}

int main(int argc, char **argv) {
    start();
    if (argc > 1) return strcmp(argv[1], "xml") == 0 ? write_info() : FAILED;
    figures();
    info();
    stats();
    options();
    return PASSED;
}
