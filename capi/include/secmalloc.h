/* SPDX-License-Identifier: MIT OR Apache-2.0 */

#ifndef SECMALLOC_H
#define SECMALLOC_H

/* Made by cbindgen from capi/src: change it there. */
#define SECMALLOC_MAJOR 0
#define SECMALLOC_MINOR 1
#define SECMALLOC_PATCH 0


#include <stddef.h>
#include <stdint.h>

/**
 * No pool.
 */
#define SECMALLOC_POOL_NONE 0

/**
 * Small.
 */
#define SECMALLOC_POOL_SMALL 1

/**
 * Live.
 */
#define SECMALLOC_STATE_LIVE 1

/**
 * Fine.
 */
#define SECMALLOC_OK 0

/**
 * No.
 */
#define SECMALLOC_NOT_OURS 1

/**
 * x
 */
#define SECMALLOC_UNKNOWN_OPTION 3

/**
 * x
 */
#define SECMALLOC_INVALID_ARGUMENT 2

/**
 * What is known of a block.
 */
struct secmalloc_block {
  /**
   * in: sizeof 
   */
  size_t struct_size;
  const void *address;
  size_t offset;
  size_t requested_size;
  size_t slot_size;
  uint32_t pool;
  uint32_t state;
  uint32_t kind;
  uint32_t thread;
};

struct secmalloc_counts {
  size_t struct_size;
  uint64_t live;
  uint64_t resting;
  uint64_t never_used;
  uint64_t faults;
};

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The version!!.
 */
const char *secmalloc_version(void);

/**
 * Describe.
 * # Safety
 * `block` is valid.
 */
int32_t secmalloc_describe(const void *ptr, struct secmalloc_block *block);

/**
 * Check.
 * # Safety
 * valid or null
 */
int32_t secmalloc_check(struct secmalloc_counts *counts);

/**
 * Option.
 * # Safety
 * valid
 */
int32_t secmalloc_option(const char *name, char *buffer, size_t _size);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* SECMALLOC_H */
