/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the programs of this folder share: secrets that are nowhere but where they are put, and a search for
 * them in all memory of a process.
 */
#ifndef SECRETS_H
#define SECRETS_H

#include "../api/test.h"

#include <fcntl.h>
#include <inttypes.h>

#ifndef SMALLOC_H
void *smalloc(size_t size, int sensitive);
void *scalloc(size_t count, size_t size, int sensitive);
void *srealloc(void *ptr, size_t size);
void sfree(void *ptr);
#endif
void *malloc_conceal(size_t size);
void *calloc_conceal(size_t count, size_t size);
void freezero(void *ptr, size_t size);
void *recallocarray(void *ptr, size_t old_count, size_t count, size_t size);

enum { SECRET = 32 };

/*
 * Writes a secret, of which each byte is made as it is written: no copy of it lies anywhere. Secrets of
 * different numbers differ in every 8 bytes.
 */
static inline void put_secret(volatile void *to, size_t size, uint64_t number) {
    volatile unsigned char *bytes = to;
    uint64_t state = number * 0x9e3779b97f4a7c15u + 1;
    for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(next_number(&state) | 1);
}

/* Whether a secret, or the first part of it, stands there. */
static inline bool is_secret(const volatile void *at, size_t size, uint64_t number) {
    const volatile unsigned char *bytes = at;
    uint64_t state = number * 0x9e3779b97f4a7c15u + 1;
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != (unsigned char)(next_number(&state) | 1)) return false;
    return true;
}

/* Where a process's memory holds the first 8 bytes of a secret: how many places outside of skip..skip_end. */
static inline unsigned places_of(pid_t process, uint64_t number, const void *skip, size_t skip_size) {
    enum { STEP = 1 << 20 };
    static unsigned char piece[STEP + 8];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)process);
    FILE *maps = fopen(path, "r");
    snprintf(path, sizeof path, "/proc/%d/mem", (int)process);
    int memory = open(path, O_RDONLY);
    CHECK(maps != NULL && memory >= 0, "cannot read the memory of %d: errno %d", (int)process, errno);
    uintptr_t own = (uintptr_t)piece;
    unsigned found = 0;
    char line[512];
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from, to;
        char access[8];
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %7s", &from, &to, access) != 3 || access[0] != 'r')
            continue;
        for (uintptr_t at = from; at < to; at += STEP) {
            size_t wanted = to - at < STEP + 7 ? to - at : STEP + 7;
            ssize_t got = pread(memory, piece, wanted, (off_t)at);
            for (ssize_t i = 0; i + 8 <= got; i++) {
                uintptr_t here = at + (uintptr_t)i;
                if (piece[i] == 0 || !is_secret(piece + i, 8, number)) continue;
                if (here >= (uintptr_t)skip && here < (uintptr_t)skip + skip_size) continue;
                /* what was just read, in this very process */
                if (process == getpid() && here + 8 > own && here < own + sizeof piece) continue;
                found++;
            }
        }
    }
    memset(piece, 0, sizeof piece);
    fclose(maps);
    close(memory);
    return found;
}

/* Whether a flag is set for every page of a range, as smaps says. */
static inline bool has_flag(const void *at, size_t size, const char *flag) {
    FILE *smaps = fopen("/proc/self/smaps", "r");
    CHECK(smaps != NULL, "no smaps: errno %d", errno);
    uintptr_t next = (uintptr_t)at, end = next + size, from = 0, to = 0;
    bool all = true;
    char line[512];
    while (fgets(line, sizeof line, smaps) != NULL) {
        if (strncmp(line, "VmFlags:", 8) == 0) {
            char wanted[8];
            snprintf(wanted, sizeof wanted, " %s", flag);
            if (from <= next && next < to) {
                all = all && strstr(line, wanted) != NULL;
                next = to;
            }
            if (next >= end) break;
        } else {
            sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &from, &to);
        }
    }
    fclose(smaps);
    CHECK(next >= end, "%p: not mapped", at);
    return all;
}

static inline struct secmalloc_sensitive status_of(const void *ptr) {
    struct secmalloc_sensitive status = {.struct_size = sizeof status};
    CHECK_EQUAL(secmalloc_sensitive_status(ptr, &status), SECMALLOC_OK);
    return status;
}

/* Ends a child with the result of what it does, and waits for it. */
#define IN_CHILD(...) \
    do { \
        fflush(NULL); \
        pid_t child_ = fork(); \
        CHECK(child_ >= 0, "no fork: errno %d", errno); \
        if (child_ == 0) { \
            __VA_ARGS__; \
            exit(PASSED); \
        } \
        int ended_ = 0; \
        CHECK_EQUAL(waitpid(child_, &ended_, 0), child_); \
        CHECK(ended_ == 0, "the child ended with %#x", ended_); \
    } while (0)

#endif
