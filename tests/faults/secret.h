// SPDX-License-Identifier: MIT OR Apache-2.0
// A secret for the programs that leave it somewhere: in memory that is neither heap nor stack, made as the program
// runs, so that no copy of it lies in the file.
#ifndef SECMALLOC_TESTS_SECRET_H
#define SECMALLOC_TESTS_SECRET_H

#include "sin.h"

enum { SECRET = 32 };
static unsigned char secret[SECRET];

// Makes it, and has its first `size` bytes watched.
static inline void watch_secret(size_t size)
{
    volatile unsigned char *to = secret;

    for (unsigned i = 0; i < SECRET; i++)
        to[i] = (unsigned char)(i * 151 + 29 + (unsigned)getpid());
    if (secmalloc_watch_secret(secret, size) != 0)
        _exit(98);
}

// Leaves a copy of it, byte by byte: no library function has it on its stack.
static inline void leave_secret(void *block, size_t offset)
{
    volatile unsigned char *to = (volatile unsigned char *)hide(block) + offset;

    for (unsigned i = 0; i < SECRET; i++)
        to[i] = secret[i];
}

// Leaves one far down on the calling thread's stack.
static __attribute__((noinline, unused)) void leave_on_stack(void)
{
    unsigned char deep[64 << 10];

    leave_secret(deep, 40);
}

#endif
