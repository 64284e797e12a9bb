/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * libsodium's guarded heap allocations, in secmalloc's sensitive memory.
 *
 * Include it in the place of <sodium.h>: what this file calls by the names of libsodium's allocator are secmalloc's then.
 * In one source file of a program, define SMALLOC_SODIUM_DEFINE before: the functions are defined under libsodium's names,
 * and all objects of the program that call them by name get these.
 *
 * As sodium_malloc: new memory is filled with 0xdb, freed memory is wiped, an overflow stops the program, NULL and
 * errno ENOMEM where there is no memory. Otherwise than there: blocks are packed, 16 bytes apart at the nearest, so that a million
 * keys cost no more than their bytes and a quarter; an overflow is found when the block is freed or the process ends, not at the
 * access; there is no protection of single blocks, so that sodium_mprotect_noaccess and _readonly answer -1 with ENOSYS, as
 * libsodium's do on systems without mprotect. What holds for a block, secmalloc_sensitive_status says.
 */
#ifndef SMALLOC_SODIUM_H
#define SMALLOC_SODIUM_H

#include <errno.h>
#include <stdint.h>
#include <string.h>

#ifdef SMALLOC_SODIUM_DEFINE
/* The declarations of libsodium would be renamed, too. */
#include <stddef.h>
#else
#include <sodium.h>
#endif

#include "smalloc.h"

static __inline__ __attribute__((__unused__)) void *smalloc_sodium_malloc_(size_t size)
{
    void *block = smalloc(size, 1);
    if (block != NULL)
        memset(block, 0xdb, size);
    return block;
}

static __inline__ __attribute__((__unused__)) void *smalloc_sodium_allocarray_(size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    return smalloc_sodium_malloc_(count * size);
}

/* Keeps errno. */
static __inline__ __attribute__((__unused__)) void smalloc_sodium_free_(void *ptr)
{
    sfree(ptr);
}

static __inline__ __attribute__((__unused__)) int smalloc_sodium_refuse_(void *ptr)
{
    (void)ptr;
    errno = ENOSYS;
    return -1;
}

static __inline__ __attribute__((__unused__)) int smalloc_sodium_readwrite_(void *ptr)
{
    (void)ptr;
    return 0;
}

#ifdef SMALLOC_SODIUM_DEFINE
#ifdef __cplusplus
extern "C" {
#endif
void *sodium_malloc(const size_t size);
void *sodium_allocarray(size_t count, size_t size);
void sodium_free(void *ptr);
int sodium_mprotect_noaccess(void *ptr);
int sodium_mprotect_readonly(void *ptr);
int sodium_mprotect_readwrite(void *ptr);
void *sodium_malloc(const size_t size) { return smalloc_sodium_malloc_(size); }
void *sodium_allocarray(size_t count, size_t size) { return smalloc_sodium_allocarray_(count, size); }
void sodium_free(void *ptr) { smalloc_sodium_free_(ptr); }
int sodium_mprotect_noaccess(void *ptr) { return smalloc_sodium_refuse_(ptr); }
int sodium_mprotect_readonly(void *ptr) { return smalloc_sodium_refuse_(ptr); }
int sodium_mprotect_readwrite(void *ptr) { return smalloc_sodium_readwrite_(ptr); }
#ifdef __cplusplus
}
#endif
#else
#define sodium_malloc(size) smalloc_sodium_malloc_(size)
#define sodium_allocarray(count, size) smalloc_sodium_allocarray_(count, size)
#define sodium_free(ptr) smalloc_sodium_free_(ptr)
#define sodium_mprotect_noaccess(ptr) smalloc_sodium_refuse_(ptr)
#define sodium_mprotect_readonly(ptr) smalloc_sodium_refuse_(ptr)
#define sodium_mprotect_readwrite(ptr) smalloc_sodium_readwrite_(ptr)
#endif

#endif
