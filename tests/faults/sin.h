// SPDX-License-Identifier: MIT OR Apache-2.0
// What the programs of this folder share. Each program includes this file first, does one wrong
// thing to the heap, and returns 0 if it is still alive after that.
//
// Placement is random in every process. What is here makes the outcome the same all the same:
// a byte is changed, never set (the value set might be the one that was there); a neighbour is
// looked for among many blocks; a freed block is met again by allocating more than were freed.
#ifndef SECMALLOC_TESTS_SIN_H
#define SECMALLOC_TESTS_SIN_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

// Weak, so that a program which is linked without the library (and started under LD_PRELOAD) is
// complete, and because a C library older than C23 does not declare the first two.
#ifdef __cplusplus
#include <new>
extern "C" {
#endif
extern void free_sized(void *, size_t) __attribute__((weak));
extern void freezero(void *, size_t) __attribute__((weak));
extern void *recallocarray(void *, size_t, size_t, size_t) __attribute__((weak));
extern void free_aligned_sized(void *, size_t, size_t) __attribute__((weak));
struct secmalloc_counts;
extern int32_t secmalloc_check(struct secmalloc_counts *) __attribute__((weak));
extern void *malloc_conceal(size_t) __attribute__((weak));
struct secmalloc_residue;
extern int32_t secmalloc_watch_secret(const void *, size_t) __attribute__((weak));
extern int32_t secmalloc_unwatch_secret(const void *, size_t) __attribute__((weak));
extern int32_t secmalloc_check_residue(uint32_t, struct secmalloc_residue *) __attribute__((weak));
#ifdef __cplusplus
}
#endif

// Every program asks for malloc, used or not: for weak names alone no linker keeps a library.
static void *(*const always_malloc)(size_t) __attribute__((used)) = malloc;

// The same pointer, of which the compiler knows nothing any more: it can neither leave out what
// the program does wrong nor warn of it.
static inline void *hide(const void *pointer)
{
    void *hidden = (void *)(uintptr_t)pointer;
    __asm__ volatile("" : "+r"(hidden) : : "memory");
    return hidden;
}

// Changes the byte at `offset`, whatever is there (a zero becomes something else).
static inline void spoil(void *block, ptrdiff_t offset)
{
    volatile unsigned char *byte = (unsigned char *)hide(block) + offset;
    *byte ^= 0x55;
}

// Stores at `offset` without reading first.
static inline void put(void *block, ptrdiff_t offset, char value)
{
    *(volatile char *)((char *)hide(block) + offset) = value;
}

// Loads from `offset`.
static inline char touch(const void *block, ptrdiff_t offset)
{
    return *(volatile const char *)((const char *)hide(block) + offset);
}

// A letter that is not the byte at `offset`: for overflows of several bytes, the first of which
// has to make a difference.
static inline char unlike(const void *block, ptrdiff_t offset)
{
    return touch(block, offset) == 'A' ? 'B' : 'A';
}

// Two live blocks of `size` bytes with nothing between them. The second is not at the start of a
// page, where a slab may begin: before its first slot there is another slab, or a guard. (Slots of
// a page and more do not fill a slab to its end, so those of two slabs are never the closest.)
struct pair {
    char *low;
    char *high;
};

static inline struct pair side_by_side(size_t size)
{
    enum { MANY = 1024 };
    static char *block[MANY];
    struct pair closest = {NULL, NULL};
    size_t distance = SIZE_MAX;

    for (int i = 0; i < MANY; i++)
        block[i] = (char *)hide(malloc(size));
    for (int i = 0; i < MANY; i++) {
        for (int j = 0; j < MANY; j++) {
            size_t apart = (size_t)(block[j] - block[i]);

            if (apart < 4096 && (uintptr_t)block[j] % 4096 == 0)
                continue;
            if (block[j] > block[i] && apart < distance) {
                distance = apart;
                closest.low = block[i];
                closest.high = block[j];
            }
        }
    }
    return closest;
}

// Allocates and frees until every slot that was free before has been handed out again: a freed
// slot rests for a random time, so there are many more rounds than it can last.
static inline void reuse_by(void *(*allocate)(size_t), size_t size)
{
    enum { MOST = 4000, LEAST = 400, ROUNDS = 16, BYTES = 16 << 20 };
    static void *held[MOST];
    size_t many = BYTES / size;

    if (many > MOST)
        many = MOST;
    if (many < LEAST)
        many = LEAST;
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < many; i++)
            held[i] = hide(allocate(size));
        for (size_t i = 0; i < many; i++)
            free(held[i]);
    }
}

static inline void reuse_all(size_t size)
{
    reuse_by(malloc, size);
}

// Runs `work` in another thread, to its end.
static inline void in_thread(void *(*work)(void *), void *argument)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, work, argument) != 0)
        _exit(99);
    pthread_join(thread, NULL);
}

// Runs `work` in a forked child that then exits normally. The parent says who the child was (the
// runner expects that number in the message) and ends as the child did.
static inline int in_child(void (*work)(void))
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        work();
        exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return 99;
    dprintf(STDOUT_FILENO, "child %d\n", (int)child);
    if (WIFSIGNALED(status)) {
        signal(WTERMSIG(status), SIG_DFL);
        raise(WTERMSIG(status));
    }
    return WEXITSTATUS(status);
}

#endif
