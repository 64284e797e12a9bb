/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Limits of every kind, and places that the kernel chooses otherwise: the program starts, allocates
 * to the end, gets NULL and ENOMEM there, and what it frees is memory again, for other sizes too. More than the kernel
 * would promise is refused at once.
 * SECMALLOC_TEST_OVERCOMMIT in the environment, as root: also with vm.overcommit_memory=2, which is the
 * whole machine's for that while. Without it RLIMIT_DATA stands in, which counts the same mappings.
 */
#include "../api/rerun.h"

#include <smalloc.h>

#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>

enum { MIB = 1 << 20 };

static int which;
static rlim_t limit;

static void set(int resource, rlim_t to) {
    struct rlimit both = {to, to};
    if (setrlimit(resource, &both) != 0) _exit(125);
}

static void nothing(void) {}

static void set_limit(void) { set(which, limit); }

static void no_random(void) {
    if (personality(ADDR_NO_RANDOMIZE) < 0) _exit(SKIPPED);
}

/* Allocates to the end, or to as much as is asked for; everything goes back.  How many MiB it was. */
static size_t fill_up(size_t size, size_t most) {
    void **last = NULL;
    size_t count = 0;
    while (count * size / MIB < most) {
        errno = 0;
        void **block = launder(malloc(any(size)));
        if (!block) {
            CHECK_EQUAL(errno, ENOMEM);
            break;
        }
        *block = last;
        block[size / sizeof *block - 1] = block; /* its last word is there too */
        last = block;
        count++;
    }
    while (last) {
        void **before = *last;
        free(last);
        last = before;
    }
    return count * size / MIB;
}

/* Small blocks, large ones, and again: each time as much as the first time, or nearly. */
static int run(size_t most) {
    static const size_t sizes[] = {104, 200000, 4000, 104};
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        size_t got = fill_up(sizes[i], most);
        if (got < least) least = got;
    }
    CHECK_EQUAL(secmalloc_check(NULL), SECMALLOC_OK);
    fprintf(stderr, "%zu", least);
    return PASSED;
}

struct condition {
    const char *name;
    void (*prepare)(void);
    int which;
    rlim_t limit;
    const char *most; /* MiB that are asked for */
    size_t least;     /* MiB of each size that there must be */
};

static const struct condition conditions[] = {
    {"RLIMIT_AS 64 MiB", set_limit, RLIMIT_AS, 64 * MIB, "1000", 34},
    {"RLIMIT_AS 256 MiB", set_limit, RLIMIT_AS, 256 * MIB, "1000", 150},
    {"RLIMIT_AS 400000 KiB", set_limit, RLIMIT_AS, 400000ul << 10, "1000", 230},
    {"RLIMIT_AS 1 GiB", set_limit, RLIMIT_AS, 1024ul * MIB, "150", 150},
    {"RLIMIT_AS 100 MiB, late", nothing, 0, 0, "late 100 setrlimit", 34},
    {"RLIMIT_AS 400 MiB, late", nothing, 0, 0, "late 400 prlimit", 230},
    {"RLIMIT_DATA 64 MiB", set_limit, RLIMIT_DATA, 64 * MIB, "1000", 34},
    {"RLIMIT_DATA 256 MiB", set_limit, RLIMIT_DATA, 256 * MIB, "1000", 150},
    {"RLIMIT_MEMLOCK 0", set_limit, RLIMIT_MEMLOCK, 0, "40", 40},
    {"unlimited stack", set_limit, RLIMIT_STACK, RLIM_INFINITY, "40", 40},
    {"stack of 64 GiB", set_limit, RLIMIT_STACK, 64ul << 30, "40", 40},
    {"no random addresses", no_random, 0, 0, "40", 40},
};

static const char overcommit[] = "/proc/sys/vm/overcommit_memory";

/* What stood there. */
static char swap_overcommit(char to) {
    char was = 0;
    FILE *file = fopen(overcommit, "r+");
    CHECK(file != NULL && fread(&was, 1, 1, file) == 1, "%s: errno %d", overcommit, errno);
    rewind(file);
    CHECK(fwrite(&to, 1, 1, file) == 1 && fclose(file) == 0, "%s: errno %d", overcommit, errno);
    return was;
}

/* The KiB of a line of /proc/meminfo. */
static size_t meminfo(const char *name) {
    char line[256];
    size_t value = 0;
    FILE *file = fopen("/proc/meminfo", "r");
    CHECK(file != NULL, "/proc/meminfo: errno %d", errno);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, name, strlen(name)) == 0) value = strtoul(line + strlen(name), NULL, 10);
    fclose(file);
    return value;
}

/* All that may be committed, and more, is refused; 150 MiB of each size are there. */
static int run_committed(void) {
    size_t limit_kib = meminfo("CommitLimit:");
    errno = 0;
    CHECK(limit_kib > 0 && launder(malloc(any(limit_kib << 10))) == NULL, "more than the machine has");
    CHECK_EQUAL(errno, ENOMEM);
    return run(150);
}

static void without_overcommit(void) {
    char text[4096], was = swap_overcommit('2');
    struct rerun how = {.argument = "committed", .stream = 2};
    int status = rerun(&how, text, sizeof text);
    swap_overcommit(was);
    CHECK(status == 0, "vm.overcommit_memory=2: status 0x%x: %s", status, text);
    CHECK(strtoul(text, NULL, 10) >= 150, "vm.overcommit_memory=2: only %s MiB", text);
    printf("vm.overcommit_memory=2: %s MiB of each size\n", text);
}

/* A limit that the program sets for itself, late: with blocks and a thread that are there before. */
static void *sleeper(void *block) {
    pause();
    return block;
}

/* Where the heap's addresses were, others' memory may be now, and is looked at for leaks. */
static void check_roots(void **mapped) {
    pthread_t thread;
    struct secmalloc_leaks leaks = {.struct_size = sizeof leaks};
    for (size_t i = 0; i < 100; i++) mapped[i] = need(malloc(1000 * i + 1));
    CHECK_EQUAL(pthread_create(&thread, NULL, sleeper, need(malloc(100))), 0);
    CHECK_EQUAL(secmalloc_leak_check(&leaks), SECMALLOC_OK);
    CHECK_EQUAL(leaks.lost_blocks, 0);
    for (size_t i = 0; i < 100; i++) free(mapped[i]);
}

/* Makes and ends blocks of all sizes, and mappings, until it is told to stop. */
static atomic_bool stop;

static void *busy(void *unused) {
    unsigned random = (unsigned)(uintptr_t)&unused;
    while (!atomic_load(&stop)) {
        random = random * 1103515245 + 12345;
        size_t size = random >> 8 & (random & 0x1000000 ? 0xff : 0x3ffff);
        char *block = launder(malloc(any(size + 1)));
        char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (page != MAP_FAILED) memset(page, 1, 4096);
        if (block) memset(block, 2, size + 1);
        if (page != MAP_FAILED) CHECK(page[17] == 1 && munmap(page, 4096) == 0, "a mapping was taken");
        free(block);
    }
    return NULL;
}

/* The limit of a child that shares our memory is not ours. */
static void check_vfork(void) {
    char text[1024];
    pid_t child = vfork();
    if (child == 0) {
        struct rlimit both = {300ul * MIB, 300ul * MIB};
        _exit(setrlimit(RLIMIT_AS, &both) != 0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0, "the child ended with 0x%x", status);
    CHECK_EQUAL(secmalloc_status(text, sizeof text), SECMALLOC_OK);
    CHECK(strstr(text, "plan=reserved"), "%s", text);
}

static int run_late(size_t mib, const char *how) {
    static void *before[3000];
    pthread_t thread, others[2];
    check_vfork();
    for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_create(&others[i], NULL, busy, NULL), 0);
    for (size_t i = 0; i < 3000; i++) {
        size_t size = i % 100 == 0 ? 70000 + i : 1 + i;
        before[i] = need(malloc(size));
        memset(before[i], (int)i, size);
    }
    void *secret = need(smalloc(100, 1));
    CHECK_EQUAL(pthread_create(&thread, NULL, sleeper, NULL), 0);
    limit = mib * MIB;
    struct rlimit both = {limit, limit}, now;
    if (strcmp(how, "setrlimit") == 0) CHECK_EQUAL(setrlimit(RLIMIT_AS, &both), 0);
    if (strcmp(how, "prlimit") == 0) CHECK_EQUAL(prlimit(getpid(), RLIMIT_AS, &both, NULL), 0);
    CHECK(getrlimit(RLIMIT_AS, &now) == 0 && now.rlim_cur == limit, "%s set %zu", how, (size_t)now.rlim_cur);
    void *other = mmap(NULL, 8 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(other != MAP_FAILED, "%s: nothing can be mapped, errno %d", how, errno);
    usleep(20000);
    atomic_store(&stop, true);
    for (int i = 0; i < 2; i++) CHECK_EQUAL(pthread_join(others[i], NULL), 0);
    check_roots(other);
    pid_t child = fork();
    CHECK(child >= 0, "fork: errno %d", errno);
    if (child == 0) {
        free(need(malloc(any(5 * MIB))));
        free(need(malloc(any(50))));
        _exit(PASSED);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0, "the child ended with 0x%x", status);
    CHECK_EQUAL(munmap(other, 8 * MIB), 0);
    int result = run(1000);
    for (size_t i = 0; i < 3000; i++) {
        size_t size = i % 100 == 0 ? 70000 + i : 1 + i;
        for (size_t k = 0; k < size; k++)
            CHECK(((unsigned char *)before[i])[k] == (unsigned char)i, "block %zu was changed at %zu", i, k);
        CHECK_EQUAL(malloc_usable_size(before[i]), size);
        free(before[i]);
    }
    sfree(secret);
    sfree(need(smalloc(200000, 1)));
    errno = 0;
    CHECK(setrlimit(RLIMIT_AS, (struct rlimit *)8) == -1 && errno == EFAULT, "errno %d", errno);
    return result;
}

/* What the kernel promises nobody (vm.overcommit_memory=0: more than the machine has) malloc does not promise either. */
static void promised(void) {
    const size_t enormous = any((size_t)1 << 45);
    void *plain = mmap(NULL, enormous, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool possible = plain != MAP_FAILED;
    if (possible) munmap(plain, enormous);

    errno = 0;
    void *block = launder(malloc(enormous));
    CHECK(possible == (block != NULL), "malloc of 32 TiB: %p, mmap: %p", block, plain);
    if (!block) CHECK_EQUAL(errno, ENOMEM);
    free(block);
    block = launder(malloc(any(MIB)));
    void *grown = launder(realloc(block, enormous));
    CHECK(possible == (grown != NULL), "realloc to 32 TiB: %p, mmap: %p", grown, plain);
    free(grown ? grown : block);
}

int main(int argc, char **argv) {
    start_ours_only();
    if (argc > 1 && strcmp(argv[1], "committed") == 0) return run_committed();
    if (argc > 1 && strncmp(argv[1], "late ", 5) == 0) {
        char *how;
        size_t mib = strtoul(argv[1] + 5, &how, 10);
        return run_late(mib, how + 1);
    }
    if (argc > 1) return run(strtoul(argv[1], NULL, 10));
    promised();
    if (getenv("SECMALLOC_TEST_OVERCOMMIT")) without_overcommit();
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        const struct condition *c = &conditions[i];
        char text[4096];
        which = c->which;
        limit = c->limit;
        struct rerun how = {.argument = c->most, .stream = 2, .prepare = c->prepare};
        int status = rerun(&how, text, sizeof text);
        if (WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED) continue;
        CHECK(status == 0, "%s: status 0x%x: %s", c->name, status, text);
        unsigned long got = strtoul(text, NULL, 10);
        CHECK(got >= c->least, "%s: only %lu MiB, should be %zu", c->name, got, c->least);
    }
    return PASSED;
}
