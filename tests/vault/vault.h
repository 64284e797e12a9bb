/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the programs of this folder share, beside ../api/test.h. */
#ifndef SECMALLOC_TESTS_VAULT_H
#define SECMALLOC_TESTS_VAULT_H

#include "test.h"

#include <smalloc.h>
#include <sys/mman.h>

/* Started without the library: what is left to see is that the program works. */
static inline bool is_plain(void) {
    return getenv("SECMALLOC_TEST_PLAIN") != NULL;
}

/* Copies the kernel's flags of the mapping in which an address lies; false where there is no /proc. */
static inline bool flags_of(const void *at, char *flags, size_t size) {
    char line[512];
    bool inside = false;
    FILE *file = fopen("/proc/self/smaps", "r");
    if (file == NULL) return false;
    *flags = 0;
    while (fgets(line, sizeof line, file)) {
        unsigned long from = 0, to = 0;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
            inside = (uintptr_t)at >= from && (uintptr_t)at < to;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(flags, size, "%s ", strtok(line + 8, "\n"));
    }
    fclose(file);
    CHECK(*flags != 0, "%p: no mapping", at);
    return true;
}

/* Whether the limits let this process lock memory. */
static inline bool may_lock(void) {
    size_t size = 1 << 20;
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(at != MAP_FAILED, "mmap: errno %d", errno);
    bool may = mlock(at, size) == 0;
    munmap(at, size);
    return may;
}

/* The memory at an address has all protections that can be had, and the library says so. */
static inline void check_protected(const void *at, const char *what) {
    char flags[256];
    struct secmalloc_sensitive status = { .struct_size = sizeof status };
    uint32_t had = SECMALLOC_SENSITIVE_EXCLUDED | SECMALLOC_SENSITIVE_WIPED_ON_FORK;
    CHECK(secmalloc_sensitive_status(at, &status) == SECMALLOC_OK, "%s is not known as sensitive", what);
#ifdef SHARED_PAGES
    /* Children find zeros all the same, but not by the kernel. */
    had = SECMALLOC_SENSITIVE_EXCLUDED;
    CHECK((status.in_force & had) == had, "%s: only 0x%x is in force", what, (unsigned)status.in_force);
    return;
#endif
    CHECK((status.in_force & had) == had, "%s: only 0x%x is in force", what, (unsigned)status.in_force);
    if (!flags_of(at, flags, sizeof flags)) return;
    CHECK(strstr(flags, " dd ") != NULL, "%s is in core files: %s", what, flags);
    /* Secret memory is left out of children. */
    CHECK(strstr(flags, " wf ") != NULL || strstr(flags, " dc ") != NULL, "%s is not wiped in children: %s",
          what, flags);
    CHECK(!may_lock() || strstr(flags, " lo ") != NULL, "%s is not locked: %s", what, flags);
}

/* Reads memory that may have become another process's, or nobody's. */
static inline bool peek(const void *at, void *to, size_t size) {
    FILE *memory = fopen("/proc/self/mem", "rb");
    CHECK(memory != NULL, "/proc/self/mem: errno %d", errno);
    bool read = fseek(memory, (long)at, SEEK_SET) == 0 && fread(to, size, 1, memory) == 1;
    fclose(memory);
    return read;
}

/* Runs something in a forked child, which must end with 0. */
static inline void in_child(void (*work)(void *), void *argument) {
    int status = 0;
    pid_t child = fork();
    CHECK(child >= 0, "fork: errno %d", errno);
    if (child == 0) {
        work(argument);
        exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child, "waitpid: errno %d", errno);
    CHECK(status == 0, "the child's status is 0x%x", status);
}

#endif
