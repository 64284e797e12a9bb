/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How much stack the heap takes, and that it is little: threads and signal handlers have stacks of some
 * KiB. Painted stacks tell how deep each call went: malloc and free, and the report of a fault. The
 * SIGSEGV handler has its say on an alternate stack with 1 KiB beside what the kernel itself puts there,
 * and where there is none beside it, the process ends at least, and does not fault for ever.
 * SECMALLOC_TEST_TELL in the environment: says the figures.
 */
#include "rerun.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

/* What README.md promises, in bytes; a debug build takes more. */
#ifdef SECMALLOC_TEST_DEBUG
enum { MOST_OF_CALLS = 64 * 1024, MOST_OF_REPORT = 64 * 1024 };
#else
enum { MOST_OF_CALLS = 8 * 1024, MOST_OF_REPORT = 8 * 1024 };
#endif
enum { STACK = 256 * 1024, PAINT = 0x5a };

static unsigned char *stack;
/* What a thread takes that does nothing. */
static size_t nothing_takes;

static void *does_nothing(void *unused) { return unused; }

static void *calls(void *unused) {
    uint64_t state = 1;
    void *held[100] = {NULL};
    for (int i = 0; i < 20000; i++) {
        size_t at = next_number(&state) % 100;
        free(held[at]);
        held[at] = i % 3 ? malloc(some_size(&state)) : calloc(1, some_size(&state));
        if (i % 5 == 0) held[at] = realloc(held[at], some_size(&state) + 1);
        if (i % 50 == 0) free(aligned_alloc(1 << (i % 15), 100));
    }
    for (int i = 0; i < 100; i++) free(held[i]);
    /* enough of one size for slabs to be emptied and purged */
    for (int round = 0; round < 2; round++) {
        void *chain = NULL;
        for (int i = 0; i < 6000; i++) {
            void **next = malloc(any(1000));
            *next = chain;
            chain = next;
        }
        while (chain) {
            void *next = *(void **)chain;
            free(chain);
            chain = next;
        }
    }
    malloc_trim(0);
    return unused;
}

static void *reports(void *unused) {
    char *block = malloc(any(24));
    ((char *)launder(block))[24] ^= 0x55;
    free(block);
    free((char *)&stack + 4);
    return unused;
}

static size_t depth_of(void *(*work)(void *)) {
    pthread_t thread;
    pthread_attr_t own;
    memset(stack, PAINT, STACK);
    pthread_attr_init(&own);
    CHECK_EQUAL(pthread_attr_setstack(&own, stack, STACK), 0);
    CHECK_EQUAL(pthread_create(&thread, &own, work, NULL), 0);
    pthread_join(thread, NULL);
    size_t clean = 0;
    while (clean < STACK && stack[clean] == PAINT) clean++;
    return STACK - clean - nothing_takes;
}

static void overrun(size_t beside) {
    long least = sysconf(_SC_MINSIGSTKSZ);
    size_t size = (least > 0 ? (size_t)least : 2048) + beside;
    alarm(30);
    unsigned char *room = mmap(NULL, 3 * 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    size_t whole = (size + 4095) / 4096 * 4096;
    CHECK_EQUAL(mprotect(room + 65536, whole, PROT_READ | PROT_WRITE), 0);
    /* its lowest byte is the first of a page; before that nothing may be touched */
    stack_t small = {.ss_sp = room + 65536, .ss_size = size};
    CHECK(sigaltstack(&small, NULL) == 0, "sigaltstack of %zu bytes: errno %d", size, errno);
    char *block = need(malloc(any(100000)));
    ((char *)launder(block))[100000 + 4096] = 1;
}

int main(int argc, char **argv) {
    char text[4096];
    start_ours_only();
    if (argc > 1 && strcmp(argv[1], "overrun") == 0) overrun(1024);
    if (argc > 1 && strcmp(argv[1], "no room") == 0) overrun(0);
    stack = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(stack != MAP_FAILED, "mmap: errno %d", errno);
    nothing_takes = depth_of(does_nothing);
    if (argc > 1) {
        size_t depth = depth_of(reports);
        if (getenv("SECMALLOC_TEST_TELL")) fprintf(stderr, "report: %zu bytes\n", depth);
        return depth <= MOST_OF_REPORT ? PASSED : FAILED;
    }
    size_t depth = depth_of(calls);
    if (getenv("SECMALLOC_TEST_TELL")) printf("calls: %zu bytes\n", depth);
    CHECK(depth <= MOST_OF_CALLS, "calls take %zu bytes of stack", depth);
    struct rerun how = {.argument = "report", .options = "policy=report:foreign_pointer=report", .stream = 2};
    int status = rerun(&how, text, sizeof text);
    if (getenv("SECMALLOC_TEST_TELL")) puts(text);
    CHECK(strstr(text, "heap-buffer-overflow") && strstr(text, "invalid-free"), "said: %s", text);
    CHECK(status == 0, "a report takes too much stack: %s", text);
    how = (struct rerun){.argument = "overrun", .stream = 2};
    status = rerun(&how, text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "status 0x%x", status);
    CHECK(strstr(text, "heap-buffer-overflow: access"), "on a small alternate stack: %s", text);
    how.argument = "no room";
    status = rerun(&how, text, sizeof text);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "no room: status 0x%x", status);
    return PASSED;
}
