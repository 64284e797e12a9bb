/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * All memory of OpenSSL in secmalloc's sensitive region: keys, and whatever else it allocates.
 *
 * Call smalloc_openssl() before anything else of OpenSSL's, at best in a constructor: 1, or 0 where OpenSSL has allocated
 * already and keeps the functions that it has. OpenSSL's own secure heap is a fixed arena that runs out, and then takes
 * ordinary memory without a word; as long as nobody sets it up, its functions take what CRYPTO_malloc takes, which is this.
 * So CRYPTO_secure_malloc_init is smalloc_openssl() in files that include this header, whatever the size; OPENSSL_secure_malloc
 * and its relatives give sensitive blocks there even where OpenSSL has other functions.
 *
 * What holds for a block, secmalloc_sensitive_status says.
 */
#ifndef SMALLOC_OPENSSL_H
#define SMALLOC_OPENSSL_H

#include <openssl/crypto.h>
#include <stdint.h>

#include "secmalloc.h"
#include "smalloc.h"

static __inline__ __attribute__((__unused__)) void *
smalloc_openssl_malloc_(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return smalloc(size, 1);
}

static __inline__ __attribute__((__unused__)) void *
smalloc_openssl_realloc_(void *ptr, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return srealloc(ptr, size);
}

static __inline__ __attribute__((__unused__)) void
smalloc_openssl_free_(void *ptr, const char *file, int line)
{
    (void)file;
    (void)line;
    sfree(ptr);
}

static __inline__ __attribute__((__unused__)) int smalloc_openssl(void)
{
    return CRYPTO_set_mem_functions(smalloc_openssl_malloc_, smalloc_openssl_realloc_,
                                    smalloc_openssl_free_);
}

static __inline__ __attribute__((__unused__)) int smalloc_openssl_is_secure_(const void *ptr)
{
    struct secmalloc_sensitive status;
    status.struct_size = sizeof status;
    return ptr != NULL && secmalloc_sensitive_status(ptr, &status) == SECMALLOC_OK;
}

static __inline__ __attribute__((__unused__)) size_t smalloc_openssl_size_(const void *ptr)
{
    struct secmalloc_sensitive status;
    status.struct_size = sizeof status;
    if (secmalloc_sensitive_status(ptr, &status) != SECMALLOC_OK)
        return 0;
    return status.size;
}

static __inline__ __attribute__((__unused__)) void smalloc_openssl_clear_(void *ptr, size_t size)
{
    if (ptr != NULL)
        OPENSSL_cleanse(ptr, size);
    sfree(ptr);
}

#undef CRYPTO_secure_malloc_init
#undef CRYPTO_secure_malloc_initialized
#undef CRYPTO_secure_malloc_done
#undef CRYPTO_secure_malloc
#undef CRYPTO_secure_zalloc
#undef CRYPTO_secure_free
#undef CRYPTO_secure_clear_free
#undef CRYPTO_secure_allocated
#undef CRYPTO_secure_actual_size
#define CRYPTO_secure_malloc_init(size, least) ((void)(size), (void)(least), smalloc_openssl())
#define CRYPTO_secure_malloc_initialized() 1
#define CRYPTO_secure_malloc_done() 1
#define CRYPTO_secure_malloc(size, file, line) smalloc((size), 1)
#define CRYPTO_secure_zalloc(size, file, line) scalloc(1, (size), 1)
#define CRYPTO_secure_free(ptr, file, line) sfree(ptr)
#define CRYPTO_secure_clear_free(ptr, size, file, line) smalloc_openssl_clear_((ptr), (size))
#define CRYPTO_secure_allocated(ptr) smalloc_openssl_is_secure_(ptr)
#define CRYPTO_secure_actual_size(ptr) smalloc_openssl_size_(ptr)

#endif
